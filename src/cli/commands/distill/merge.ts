/** @file `retort merge`: the shards of an experiment as one. */
import { resolve } from 'node:path';
import process from 'node:process';
import { distillTexts } from '../../../experiments/distillation/distill-texts.js';
import type { DistillTextsOptions } from '../../../experiments/distillation/distill-texts-options.js';
import { openShards } from '../../../experiments/sharing/shards.js';
import { expectSameMachine, startOfPaths } from '../../../experiments/sharing/work-plan.js';
import { machineTimes } from '../../../training/estimate/time-range.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { progressOf, reported } from './text-distillation.js';
import type { mergeUsage } from './worker-usage.js';

/** Makes record and report of the runs that shards have done. */
export async function mergeExperiment(
  { folder, overwrite, anyProcessor }: OptionValues<typeof mergeUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const outputDir = resolve(folder);
  const [{ path, plan }] = await openShards(outputDir, { anyProcessor });
  expectSameMachine(plan, folder, { anyProcessor });
  process.chdir(startOfPaths(plan, path));
  const asked = plan.options as Partial<DistillTextsOptions>;
  const { command, config, threads } = plan;
  const distilled = await distillTexts({
    ...asked,
    ...{ teacher: asked.teacher ?? '', threads, outputDir, command, config, sharing: { role: 'merges', plan } },
    ...(overwrite ? { overwrite } : { resume: true }),
    onEvent: progressOf(io, machineTimes()),
    signal: io.interruption(),
  });
  return reported(distilled, { quick: false }, io);
}
