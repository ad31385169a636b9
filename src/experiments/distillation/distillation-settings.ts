/** @file What decides the numbers of a distillation: what is compared when one is resumed. */
import { comparable } from '../../files/fingerprint.js';
import { usualThreads } from '../../runtime/threads.js';
import { describeData, describeRates, describeTraining, describeWeights } from '../../training/run/described-run.js';
import type { Settings } from '../arm-run.js';
import type { DistillOptions } from './distill-options.js';
import { outlineOf } from './outline.js';
import type { AssistantStart, StudentStart } from './train-arm.js';

/** With the weights of one seed, for all: others of them come from the same place. */
async function describedStart(student: StudentStart, seed: number) {
  const { model, weights } = student;
  return comparable(student, {
    model: { kind: model.kind, config: model.config },
    weights: describeWeights(await weights(seed)),
  });
}

async function describedAssistant(
  { reads: _reads, asTeacher: _asTeacher, training, ...start }: AssistantStart,
  seed: number,
) {
  return {
    ...(await describedStart(start, seed)),
    ...(training && { training: describeTraining(start.model, training) }),
  };
}

/** All that decides the numbers, but for arms and seeds, to which more may be added later. */
export async function distillationSettings(options: DistillOptions): Promise<Settings> {
  const { data, student, teacher, settings, schedule = 'constant', warmupSteps = 0, assistants } = options;
  const { metrics, seeds } = outlineOf(options);
  const { threads = usualThreads() } = options;
  const [seed = 1] = seeds;
  return comparable(options, {
    settings: undefined,
    ...settings,
    ...{ schedule, warmupSteps, metrics, threads },
    ...{ method: undefined, controls: undefined, seeds: undefined },
    data: undefined,
    train: describeData(data.train),
    transfer: data.transfer && describeData(data.transfer),
    evaluation: describeData(data.evaluation),
    student: await describedStart(student, seed),
    assistants: assistants && (await Promise.all(assistants.map((each) => describedAssistant(each, seed)))),
    teacher: teacher.contentHash,
    optimizer: describeRates(student.model, options),
    groups: undefined,
  });
}
