/** @file `retort train --dry_run`: what would be trained, and what that takes. */
import type { Dataset } from '../../../data/dataset.js';
import { estimateStage } from '../../../training/estimate/run-estimate.js';
import type { RunOptions } from '../../../training/run/run-options.js';
import type { CommandOutput } from '../../command.js';
import { formatCount, formatDuration, formatSize } from '../../numbers.js';
import { runDisk, stageJson } from './plan-lines.js';

/** Steps, time, memory and disk of the run; a few of its steps are taken in a folder that goes again. */
export async function plannedTraining(
  run: RunOptions,
  { train, evaluation }: { readonly train: Dataset; readonly evaluation: Dataset },
): Promise<CommandOutput> {
  const stage = await estimateStage({ run }, { isTimed: true, rounds: 2 });
  const { parameters, steps, epochs, seconds = 0, peakRssBytes = 0 } = stage;
  const { saveTopK = 0 } = run;
  const disk = runDisk(stage.disk, saveTopK < 0 ? epochs : Math.min(saveTopK, epochs));
  const atMost = run.earlyStopping === undefined ? '' : ' at most';
  return {
    text: [
      `train    ${formatCount(train.size)} rows (${train.name}), ${formatCount(steps)} steps of ${run.batchSize} rows${atMost}`,
      `scored   on ${formatCount(evaluation.size)} rows (${evaluation.name}) after each of ${formatCount(epochs)} epochs`,
      `model    ${run.model.kind}, ${formatCount(parameters)} parameters`,
      `time     about ${formatDuration(seconds)}${atMost}`,
      `memory   about ${formatSize(peakRssBytes)} at most`,
      `disk     about ${formatSize(disk.stays)} that stay, ${formatSize(disk.most)} at most`,
      `output   ${run.outputDir}`,
      'nothing was trained or written: leave out --dry_run to start',
    ].join('\n'),
    json: {
      rows: train.size,
      evaluationRows: evaluation.size,
      batchSize: run.batchSize,
      ...stageJson(stage),
      disk: { ...stage.disk, stayBytes: disk.stays, mostBytes: disk.most },
      outputDir: run.outputDir,
    },
  };
}
