/** @file `retort distill --dry_run`: what would be done. */
import type { Control } from '../../../experiments/distillation/controls.js';
import type { DistillationPlan } from '../../../experiments/distillation/plan.js';
import type { Method } from '../../../methods/method.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { StageEstimate } from '../../../training/estimate/run-estimate.js';
import type { RunOptions } from '../../../training/run/run-options.js';
import type { CommandOutput } from '../../command.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { planJson, planLines } from '../train/plan-lines.js';
import { startInWords } from '../train/starting-layers.js';
import { planOf, type TextData } from '../train/text-training.js';
import type { NamedTeacher } from './teacher-flags.js';
import type { distillUsage } from './usage.js';

export type Planned = {
  /** Of one student. */
  readonly run: Pick<
    RunOptions,
    'model' | 'epochs' | 'batchSize' | 'tokensPerRun' | 'limitTrainBatches' | 'maxSteps'
  > & {
    readonly data: TextData;
  };
  readonly labelledRows: number;
  readonly method: Method;
  readonly controls: readonly Control[];
  readonly teachers: readonly NamedTeacher[];
  readonly metric: string;
  readonly outputDir: string;
};

/** What it takes; undefined where the teacher would have to be downloaded first. */
type Taken = { readonly plan: DistillationPlan; readonly teacher: StageEstimate | undefined } | undefined;

/** Arms, runs, rows, steps and what they take, as the same command without the flag would have them. */
export function plannedOutput(
  options: OptionValues<typeof distillUsage.options>,
  planned: Planned,
  taken: Taken,
): CommandOutput {
  const { run, labelledRows, method, controls, teachers, metric, outputDir } = planned;
  const { train, evaluation } = run.data;
  const { totalSteps } = planOf(run, train);
  const arms = [method.name, ...controls];
  const runs = arms.length * options.seeds;
  const parameters = run.model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const pool = train.size - labelledRows;
  const names = teachers.map(({ name }) => name);
  const trained = options.teacherEpochs === undefined ? '' : `, trained first: ${options.teacherEpochs} epochs`;
  const rows = `${formatCount(labelledRows)} rows${pool > 0 ? ` and ${formatCount(pool)} that the teacher labels` : ''}`;
  const student = startInWords(options);
  return {
    text: [
      `arms     ${arms.join(', ')}`,
      `runs     ${formatCount(runs)}: each arm on seeds 1 to ${options.seeds}`,
      `train    ${rows} (${train.name}), ${formatCount(totalSteps)} steps of ${run.batchSize} rows a run`,
      `judged   by ${metric} on ${formatCount(evaluation.size)} rows (${evaluation.name})`,
      `teacher  ${names.join(', ')}${trained}`,
      `student  ${student}, ${formatCount(parameters)} parameters`,
      ...(taken === undefined
        ? [`time     not known: ${options.teacher} is not on this machine yet`]
        : planLines(taken.plan, taken.teacher)),
      `output   ${outputDir}`,
      'nothing was trained or written: leave out --dry_run to start',
    ].join('\n'),
    json: {
      arms,
      seeds: options.seeds,
      runs,
      rows: labelledRows,
      poolRows: pool,
      steps: totalSteps,
      batchSize: run.batchSize,
      metric,
      evaluationRows: evaluation.size,
      teachers: names,
      teacherEpochs: options.teacherEpochs ?? null,
      student,
      parameters,
      outputDir,
      plan: taken === undefined ? null : planJson(taken.plan, taken.teacher),
    },
  };
}
