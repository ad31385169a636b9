/** @file The models between teacher and student that `assistants` names. */

import type { Dataset } from '../../data/dataset.js';
import { textDataset } from '../../data/text-dataset.js';
import { OptionError } from '../../errors/failures.js';
import { openStart, readLength, startInWords, startsAtRandom } from '../../models/start.js';
import type { StartTask, TextStart } from '../../models/start-task.js';
import { defined } from '../../options/given.js';
import { textTeacher } from '../../teachers/text-teacher.js';
import { tokenizerHash } from '../../tokenizers/tokenizer-hash.js';
import { eventsOf } from '../../training/text/fine-tune.js';
import { textRun } from '../../training/text/text-run.js';
import type { DistillTextsOptions, StudentSettings } from './distill-texts-options.js';
import type { AssistantStart } from './train-arm.js';

/** The student before training, and its rows. */
type Student = TextStart & { readonly train: Dataset };

/**
 * The assistants in the order in which they are named: numbers of layers of the student's model, or models by name.
 * @param settings those of the student, whose kind and texts the assistants share.
 * @throws OptionError for a name that is empty; as `openStart` does.
 */
export async function openAssistants(
  options: DistillTextsOptions,
  settings: StudentSettings,
  student: Student,
  task: StartTask,
): Promise<readonly AssistantStart[]> {
  const { assistants = [] } = options;
  if (typeof assistants === 'object') return assistants;
  const opened: AssistantStart[] = [];
  for (const name of assistants.split(',')) {
    opened.push(await openAssistant(name.trim(), options, settings, student, task));
  }
  return opened;
}

async function openAssistant(
  name: string,
  options: DistillTextsOptions,
  settings: StudentSettings,
  student: Student,
  task: StartTask,
): Promise<AssistantStart> {
  if (name === '') {
    const wanted = 'numbers of layers, or names of models, separated by commas';
    throw new OptionError({ where: 'assistants', wanted, got: 'an empty name' });
  }
  const isLayers = /^\d+$/.test(name);
  const own: StudentSettings = isLayers
    ? { ...settings, layers: Number(name), from: settings.from === 'random' ? settings.from : undefined }
    : { ...settings, model: name, layers: undefined, from: undefined };
  const silent = { ...eventsOf(options), onNotice: () => {} };
  const first = await openStart(own, task, silent);
  const { model, tokenizer } = first;
  const isAlike = model.kind === student.model.kind && tokenizerHash(tokenizer) === tokenizerHash(student.tokenizer);
  const { tokensPerRun, maxSteps } = options;
  return {
    model,
    weights: async (seed) => (await openStart({ ...own, seed }, task, silent)).weights,
    start: isLayers ? `first ${name} layers of ${startInWords({ model: settings.model })}` : name,
    startsAtRandom: startsAtRandom(own),
    // Settings that are chosen are the student's; what another kind of model is trained with by default is its own.
    ...(model.kind !== student.model.kind && { training: textRun({ tokensPerRun, maxSteps }, model, student.train) }),
    ...(!isAlike && ownReading(options, first, task)),
  };
}

/** For a model of another kind or tokenizer: it reads the texts of the rows itself, and answers by them. */
function ownReading(
  { maxLength: asked, threads, device }: DistillTextsOptions,
  { model, tokenizer }: TextStart,
  { labelNames }: StartTask,
): Required<Pick<AssistantStart, 'reads' | 'asTeacher'>> {
  const maxLength = readLength({ model, tokenizer }, asked);
  // A data set is read once, however many runs ask.
  const known = new WeakMap<Dataset, Dataset>();
  return {
    reads: (data) => {
      if (data.text === undefined) return data;
      const read = known.get(data) ?? textDataset(data.text.table, tokenizer, { model, maxLength });
      known.set(data, read);
      return read;
    },
    asTeacher: (saved) => textTeacher(saved, tokenizer, { labelNames, maxLength, ...defined({ device, threads }) }),
  };
}
