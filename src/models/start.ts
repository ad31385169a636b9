/** @file The model that a training of texts starts from: a pre-trained encoder, a run, or a new model. */

import { OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { givenOptions } from '../options/given.js';
import { objectOf } from '../options/json.js';
import { usualLength } from '../tokenizers/tokenizer.js';
import { openAnyModel } from './any-model.js';
import { chosenLayers, firstLayers } from './chosen-layers.js';
import { findOnHub } from './find-on-hub.js';
import { isOfTexts } from './heads.js';
import type { TrainedModel } from './model.js';
import { configOf, findModelFolder, isOurs, taskInName } from './model-folder.js';
import { loadModelTokenizer } from './model-tokenizer.js';
import { idleSetting, newModelOf } from './new-models.js';
import { START_SETTINGS, type StartSettings } from './start-settings.js';
import { type ChosenStart, headLabels, type StartEvents, type StartTask, type TextStart } from './start-task.js';
import { type TextModel, withNewHead } from './text-model.js';
import { isMaskedLm, MASKED_LM } from './with-masked-lm-head.js';

/** As which the student of a teacher starts; who has one turns it into a model. */
export const FROM_TEACHER = 'teacher';
const START_NAMES = (Object.keys(START_SETTINGS) as (keyof StartSettings)[]).filter((name) => name !== 'model');
const RANDOM = 'random';
const PRETRAINED = 'pretrained';

/** The model that is named, or the usual one. */
export function nameOfStart({ model = START_SETTINGS.model.default }: ChosenStart): string {
  return model;
}

/** Whether a model is asked for that is made for the task. */
export function isNew(settings: ChosenStart): boolean {
  return newModelOf(settings) !== undefined;
}

/** Of wider options those of a start, but for the model. */
export function startSettings(options: ChosenStart): ChosenStart {
  return givenOptions(options, START_NAMES);
}

/** Whether a model is asked for that has learned nothing yet but, perhaps, what its words mean. */
export function startsAtRandom(settings: ChosenStart): boolean {
  return newModelOf(settings)?.startsAtRandom ?? settings.from === RANDOM;
}

/** @throws OptionError for settings that do nothing for the model that was chosen, or contradict each other. */
export function checkStart(settings: ChosenStart): void {
  const { layers, from } = settings;
  if (listedLayers(settings) !== undefined && layers !== undefined) {
    throw new OptionError({
      where: 'layers, from',
      wanted: 'at most one way to choose the layers',
      got: `${layers} and ${from}`,
      fix: 'leave layers out',
    });
  }
  const idle = idleSetting(settings);
  if (idle !== undefined) {
    throw new OptionError({ ...idle, got: `model ${nameOfStart(settings)}`, fix: 'leave it out' });
  }
  newModelOf(settings)?.check?.(settings);
}

/** In words, for records: `first 3 layers of minilm-l6`. */
export function startInWords(settings: ChosenStart): string {
  const { from, layers } = settings;
  const model = nameOfStart(settings);
  if (from === RANDOM)
    return layers === undefined ? `${model}, new weights` : `${layers} layers as of ${model}, new weights`;
  if (from !== undefined && from !== PRETRAINED) return `layers ${from} of ${model}`;
  return layers === undefined ? model : `first ${layers} layers of ${model}`;
}

/** @throws as `openAnyModel`, `loadTokenizer` and the makers of new models do; OptionError for a model of other labels. */
export async function openStart(settings: ChosenStart, task: StartTask, events: StartEvents): Promise<TextStart> {
  return newModelOf(settings)?.make(settings, task, events) ?? openEncoder(settings, task, events);
}

/**
 * The part of a model that a student starts with; new weights are drawn from the seed.
 * @throws as `firstLayers` and `chosenLayers` do.
 */
export function startingPart(opened: TrainedModel, settings: ChosenStart): TrainedModel {
  const listed = listedLayers(settings);
  if (listed !== undefined) return chosenLayers(opened, listed);
  const cut = settings.layers === undefined ? opened : firstLayers(opened, settings.layers);
  if (settings.from !== RANDOM) return cut;
  return { ...cut, weights: initialiseParameters(cut.model.parameters, settings.seed ?? 0) };
}

/**
 * Tokens of a text that are read: as told, else the usual number or what the model has positions for; all where the
 * tokenizer reads whole texts.
 * @throws OptionError for more than the model has positions for.
 */
export function readLength(
  { model, tokenizer }: Pick<TextStart, 'model' | 'tokenizer'>,
  maxLength: number | undefined,
): number {
  const most = model.maxTokens ?? Number.POSITIVE_INFINITY;
  if (maxLength === undefined) return Math.min(usualLength(tokenizer), most);
  if (maxLength <= most) return maxLength;
  const wanted = `at most ${most} tokens, this model's maximum`;
  throw new OptionError({ where: 'maxLength', wanted, got: String(maxLength) });
}

/** The layers that are named; undefined where they are not. */
function listedLayers({ from }: ChosenStart): number[] | undefined {
  if (from === undefined || from === PRETRAINED || from === RANDOM) return undefined;
  if (/^\d+(,\d+)*$/u.test(from)) return from.split(',').map(Number);
  throw new OptionError({
    where: 'from',
    wanted: `${PRETRAINED}, ${RANDOM}, or layers counted from 1 such as 1,3,6`,
    got: `'${from}'`,
    ...(from === FROM_TEACHER && { fix: 'start from a teacher with retort distill' }),
  });
}

async function openEncoder(settings: ChosenStart, task: StartTask, events: StartEvents): Promise<TextStart> {
  const { seed = 0 } = settings;
  const { onNotice = () => {} } = events;
  const folder = await findModelFolder(nameOfStart(settings), findOnHub(events));
  const labelNames = headLabels(task);
  if (await isOurs(folder)) return openRun(folder, settings, task, onNotice);
  const newHead = !sameNames(labelsOf(await configOf(folder)), labelNames);
  const opened = await openAnyModel(folder, { head: 'classification', labelNames, newHead, seed, onNotice });
  for (const notice of opened.notices) onNotice(notice);
  const { model, weights } = startingPart(opened, settings);
  return { model, weights, tokenizer: await loadModelTokenizer(opened) };
}

/**
 * Whether the model that is named has learned labels like these already, from rows that may be the task's: a run that was
 * trained on labels, or a Hugging Face folder whose config names them, in any order.
 * @throws as `findModelFolder` does.
 */
export async function knowsLabels(settings: ChosenStart, task: StartTask, events: StartEvents): Promise<boolean> {
  if (isNew(settings)) return false;
  const folder = await findModelFolder(nameOfStart(settings), findOnHub(events));
  const config = await configOf(folder);
  if (await isOurs(folder)) return objectOf(config.config).head !== MASKED_LM;
  const inOrder = (names: readonly unknown[]) => names.map((name) => String(name).toLowerCase()).sort();
  return sameNames(inOrder(labelsOf(config)), inOrder(headLabels(task)));
}

/** A model that retort trained goes on with its head, so it has to be of the same labels. */
async function openRun(
  folder: string,
  settings: ChosenStart,
  task: StartTask,
  onNotice: (text: string) => void,
): Promise<TextStart> {
  const name = nameOfStart(settings);
  const { task: one } = taskInName(name);
  const opened = await openAnyModel(one === undefined ? folder : `${folder}#${one}`, { onNotice });
  if (!readsText(opened.model)) {
    throw new OptionError({
      where: `model ${name}`,
      wanted: 'a model that reads texts',
      got: `a ${opened.model.kind}`,
    });
  }
  const tokenizer = await loadModelTokenizer(opened);
  // A model that has guessed hidden words so far gets a head for the labels.
  const headed = isMaskedLm(opened.model)
    ? withNewHead({ ...opened, name, tokenizer }, { labelNames: headLabels(task), seed: settings.seed ?? 0 })
    : opened;
  if (headed === opened) expectSameHead(opened, task, name);
  const { model, weights } = startingPart(headed, settings);
  return { model, weights, tokenizer };
}

/** @throws OptionError for a head of other labels. */
function expectSameHead({ model, labelNames }: TrainedModel, task: StartTask, name: string): void {
  const isSame = task.isRegression ? model.config.num_labels === 1 : sameNames(labelNames, task.labelNames);
  if (isSame && isOfTexts(model.config)) return;
  throw new OptionError({
    where: `model ${name}`,
    wanted: task.isRegression ? 'a model of a regression' : `a model with the labels ${shown(task.labelNames)}`,
    got: labelNames.length === 0 ? 'another one' : `one with ${shown(labelNames)}`,
    fix: `retort export ${name} --to hf --output_dir body, then start from body: it gets a new head`,
  });
}

/** An encoder with the head that it has, for a program that gives it others. @throws as `openAnyModel` does. */
export async function loadStart(name: string, events: StartEvents): Promise<TextStart & TrainedModel> {
  const { onNotice = () => {} } = events;
  const opened = await openAnyModel(name, { find: findOnHub(events), onNotice });
  return { ...opened, tokenizer: await loadModelTokenizer(opened) };
}

/** Whether a model reads the ids of a tokenizer. */
export function readsText(model: TextModel['model']): boolean {
  return model.inputs({ B: 'B', S: 'S' }).some(({ name }) => name === 'input_ids');
}

/** The labels that a Hugging Face config names, in their order. */
function labelsOf({ id2label }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.values(objectOf(id2label));
}

function sameNames(a: readonly unknown[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function shown(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, … (${names.length})` : names.join(', ');
}
