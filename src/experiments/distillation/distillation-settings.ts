/** @file What decides the numbers of a distillation: what is compared when one is resumed. */
import { resolveGroups } from '../../optim/groups.js';
import { asJson, describeData, describeOptimizer } from '../../training/run-options.js';
import type { Settings } from '../arm-run.js';
import type { DistillOptions } from './distill.js';
import type { AssistantStart, StudentStart } from './train-arm.js';

function describedStart({ model, start }: StudentStart) {
  return { kind: model.kind, config: model.config, start };
}

function describedAssistant({ training, ...start }: AssistantStart) {
  return {
    ...describedStart(start),
    ...(training && { training: { ...training, optimizer: describeOptimizer(training.optimizer) } }),
  };
}

/** With the rates of each parameter where they are not all the optimiser's. */
function describedRates({ optimizer, groups = [], student: { model } }: DistillOptions) {
  const names = model.parameters.map(({ name }) => name);
  const rates = groups.length > 0 && { rates: Object.fromEntries(resolveGroups(names, optimizer, groups)) };
  return { ...describeOptimizer(optimizer), ...rates };
}

/** All that decides the numbers, but for arms and seeds, to which more may be added later. */
export function distillationSettings(options: DistillOptions): Settings {
  const { data, student, teacher, settings, epochs, batchSize, schedule, maxSteps, tokensPerRun } = options;
  return asJson({
    ...settings,
    student: describedStart(student),
    assistants: options.assistants?.map(describedAssistant),
    teacher: teacher.contentHash,
    train: describeData(data.train),
    transfer: data.transfer && describeData(data.transfer),
    evaluation: describeData(data.evaluation),
    optimizer: describedRates(options),
    ...{ epochs, batchSize, schedule, maxSteps, tokensPerRun },
    ...{ warmupSteps: options.warmupSteps, maxGradNorm: options.maxGradNorm },
    limitTrainBatches: options.limitTrainBatches,
  }) as Settings;
}
