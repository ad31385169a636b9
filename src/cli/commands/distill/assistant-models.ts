/** @file The models between teacher and student that `--assistants` names. */
import type { Dataset } from '../../../data/dataset.js';
import { textDataset } from '../../../data/text-dataset.js';
import { OptionError } from '../../../errors/failures.js';
import type { AssistantStart } from '../../../experiments/distillation/train-arm.js';
import type { Model } from '../../../models/model.js';
import { textTeacher } from '../../../teachers/text-teacher.js';
import { tokenizerHash } from '../../../tokenizers/tokenizer-hash.js';
import type { AssistantTraining } from '../../../training/phases/phase-options.js';
import { textRun } from '../../../training/text/text-run.js';
import type { CommandIo } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { checkedMaxLength, openStartingModel, type StartingModel, startsAtRandom } from '../train/training-model.js';
import type { TrainingTask } from '../train/training-task.js';
import type { trainUsage } from '../train/usage.js';

type TrainOptions = OptionValues<typeof trainUsage.options>;
/** The student before training, and its rows. */
type Start = StartingModel & { readonly train: Dataset };

/**
 * The assistants in the order in which they are named: numbers of layers of `--model`, or models by name.
 * @param student the flags of the student, whose kind and texts the assistants share.
 * @throws OptionError for a name that is empty; as `openStartingModel` does.
 */
export async function openAssistants(
  names: string | undefined,
  student: TrainOptions,
  start: Start,
  task: TrainingTask,
  io: CommandIo,
): Promise<readonly AssistantStart[]> {
  const opened: AssistantStart[] = [];
  for (const name of names?.split(',') ?? []) opened.push(await openAssistant(name.trim(), student, start, task, io));
  return opened;
}

async function openAssistant(
  name: string,
  student: TrainOptions,
  start: Start,
  task: TrainingTask,
  io: CommandIo,
): Promise<AssistantStart> {
  if (name === '') {
    const wanted = 'numbers of layers, or names of models, parted by commas';
    throw new OptionError({ where: '--assistants', wanted, got: 'an empty name' });
  }
  const isLayers = /^\d+$/.test(name);
  const { from } = student;
  const flags: TrainOptions = {
    ...student,
    ...(isLayers
      ? { layers: Number(name), from: from === 'random' ? from : undefined }
      : { model: name, layers: undefined, from: undefined }),
  };
  const silent = { ...io, notice: () => {} };
  const first = await openStartingModel(flags, task, silent);
  const { model, tokenizer } = first;
  const isAlike = model.kind === start.model.kind && tokenizerHash(tokenizer) === tokenizerHash(start.tokenizer);
  return {
    model,
    weights: async (seed) => (await openStartingModel({ ...flags, seed }, task, silent)).weights,
    start: isLayers ? `first ${name} layers of ${student.model}` : name,
    startsAtRandom: startsAtRandom(flags),
    // Flags that choose a setting are the student's; what another kind of model is trained with by default is its own.
    ...(model.kind !== start.model.kind && { training: usualTraining(student, model, start.train) }),
    ...(!isAlike && ownReading(flags, first, task)),
  };
}

function usualTraining({ maxSteps, tokensPerRun }: TrainOptions, model: Model, train: Dataset): AssistantTraining {
  return textRun({ tokensPerRun, ...(maxSteps !== undefined && { maxSteps }) }, model, train);
}

/** For a model of another kind or tokenizer: it reads the texts of the rows itself, and answers by them. */
function ownReading(
  flags: TrainOptions,
  start: StartingModel,
  { labelNames }: TrainingTask,
): Required<Pick<AssistantStart, 'reads' | 'asTeacher'>> {
  const { model, tokenizer } = start;
  const maxLength = checkedMaxLength(flags, start);
  const { threads, device } = flags;
  // A data set is read once, however many runs ask.
  const known = new WeakMap<Dataset, Dataset>();
  return {
    reads: (data) => {
      if (data.text === undefined) return data;
      const read = known.get(data) ?? textDataset(data.text.table, tokenizer, { model, maxLength });
      known.set(data, read);
      return read;
    },
    asTeacher: (saved) =>
      textTeacher(saved, tokenizer, { labelNames, maxLength, device, ...(threads !== undefined && { threads }) }),
  };
}
