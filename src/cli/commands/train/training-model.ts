/** @file The model that `retort train` starts from: a pre-trained encoder, a run, or a new BiLSTM. */
import { stat } from 'node:fs/promises';
import { OptionError } from '../../../errors/failures.js';
import { type OpenedModel, openAnyModel } from '../../../models/any-model.js';
import { bilstmDefaults } from '../../../models/bilstm.js';
import { bilstmFromTeacher, bilstmFromWordVectors, type NewBilstm } from '../../../models/bilstm-embeddings.js';
import { readsText } from '../../../models/model.js';
import { configOf, findModelFolder, isOurs, taskInName } from '../../../models/model-folder.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { withNewHead } from '../../../models/text-model.js';
import { isMaskedLm } from '../../../models/with-masked-lm-head.js';
import type { CommandIo } from '../../command.js';
import { findOnHub } from '../../hub-models.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { checkLayerFlags, isFromRandom, startingPart } from './starting-layers.js';
import type { TrainingTask } from './training-task.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;

/** What a model of text is made of before its first step. */
export type StartingModel = NewBilstm;

const BILSTM = 'bilstm';
const DEFAULT_VOCABULARY = 'minilm-l6';
const DEFAULT_MAX_LENGTH = 128;

/** Whether the flags ask for a new BiLSTM. */
export function isNewBilstm({ model }: Options): boolean {
  return model === BILSTM;
}

/** Whether the flags ask for a model that has learned nothing yet but, perhaps, what its words mean. */
export function startsAtRandom(options: Options): boolean {
  return isNewBilstm(options) || isFromRandom(options);
}

/** @throws OptionError for flags that do nothing for the model that was chosen. */
export function checkModelFlags(options: Options): void {
  const { layers, from, hidden, vocabulary } = options;
  checkLayerFlags(options);
  const [wanted, flags] = isNewBilstm(options)
    ? ['an encoder', { '--layers': layers, '--from': from }]
    : ['--model bilstm', { '--hidden': hidden, '--vocabulary': vocabulary }];
  const flag = Object.entries(flags).find(([, value]) => value !== undefined)?.[0];
  if (flag === undefined) return;
  throw new OptionError({ where: flag, wanted, got: `--model ${options.model}`, fix: 'leave the flag out' });
}

/** @throws as `openAnyModel`, `loadTokenizer` and the makers of a BiLSTM do; OptionError for a model of other labels. */
export function openStartingModel(options: Options, task: TrainingTask, io: CommandIo): Promise<StartingModel> {
  return isNewBilstm(options) ? newBilstm(options, task, io) : openEncoder(options, task, io);
}

async function openEncoder(options: Options, task: TrainingTask, io: CommandIo): Promise<StartingModel> {
  const { model: name, seed } = options;
  const folder = await findModelFolder(name, findOnHub(io));
  const labels = headLabels(task);
  if (await isOurs(folder)) return openRun(folder, options, task, io);
  const newHead = !sameNames(labelsOf(await configOf(folder)), labels);
  const opened = await openAnyModel(folder, {
    head: 'classification',
    labelNames: labels,
    newHead,
    seed,
    onNotice: io.notice,
  });
  for (const notice of opened.notices) io.notice(notice);
  const { model, weights } = startingPart(opened, options);
  return { model, weights, tokenizer: await loadModelTokenizer(opened) };
}

/** A model that retort trained goes on with its head, so it has to be of the same labels. */
async function openRun(
  folder: string,
  options: Options,
  task: TrainingTask,
  { notice }: CommandIo,
): Promise<StartingModel> {
  const { model: name } = options;
  const { task: one } = taskInName(name);
  const opened = await openAnyModel(one === undefined ? folder : `${folder}#${one}`, { onNotice: notice });
  if (!readsText(opened.model)) {
    throw new OptionError({
      where: `--model ${name}`,
      wanted: 'a model that reads texts',
      got: `a ${opened.model.kind}`,
    });
  }
  if (isMaskedLm(opened.model)) return withLabels(opened, options, task);
  const isSame = task.isRegression
    ? opened.model.config.num_labels === 1
    : sameNames(opened.labelNames, task.labelNames);
  if (!isSame || (opened.model.config.head ?? 'classification') !== 'classification') {
    throw new OptionError({
      where: `--model ${name}`,
      wanted: task.isRegression ? 'a model of a regression' : `a model with the labels ${shown(task.labelNames)}`,
      got: opened.labelNames.length === 0 ? 'another one' : `one with ${shown(opened.labelNames)}`,
      fix: `retort export ${name} --to hf --output_dir body, then start from body: it gets a new head`,
    });
  }
  const { model, weights } = startingPart(opened, options);
  return { model, weights, tokenizer: await loadModelTokenizer(opened) };
}

/** A model that has guessed hidden words so far gets a head for the labels. */
async function withLabels(opened: OpenedModel, options: Options, task: TrainingTask): Promise<StartingModel> {
  const { model: name, seed } = options;
  const tokenizer = await loadModelTokenizer(opened);
  const headed = withNewHead({ ...opened, name, tokenizer }, { labelNames: headLabels(task), seed });
  const { model, weights } = startingPart(headed, options);
  return { model, weights, tokenizer };
}

async function newBilstm(options: Options, task: TrainingTask, io: CommandIo): Promise<StartingModel> {
  const { vocabulary = DEFAULT_VOCABULARY, hidden = bilstmDefaults.hidden_size, seed } = options;
  const config = { hidden_size: hidden, num_labels: headLabels(task).length, is_pair: task.isPair };
  if (await isFile(vocabulary)) {
    const { texts, pairs = [] } = task.train;
    const { withoutVector, ...made } = await bilstmFromWordVectors(vocabulary, {
      seed,
      config,
      texts: [...texts, ...pairs],
    });
    if (withoutVector.length > 0) {
      const total = formatCount(made.tokenizer.vocabularySize);
      io.notice(
        `${formatCount(withoutVector.length)} of ${total} words have no vector in ${vocabulary}: these start at random`,
      );
    }
    return made;
  }
  const teacher = await openAnyModel(vocabulary, {
    find: findOnHub(io),
    onNotice: io.notice,
    head: 'classification',
    newHead: true,
  });
  return bilstmFromTeacher(teacher, await loadModelTokenizer(teacher), { seed, config });
}

/**
 * Tokens of a text that are read.
 * @throws OptionError for more than the model has positions for.
 */
export function checkedMaxLength({ maxLength }: Options, { model }: StartingModel): number {
  const most = model.maxTokens ?? Number.POSITIVE_INFINITY;
  if (maxLength === undefined) return Math.min(DEFAULT_MAX_LENGTH, most);
  if (maxLength <= most) return maxLength;
  const wanted = `at most ${most} tokens, as this model has positions for`;
  throw new OptionError({ where: '--max_length', wanted, got: String(maxLength) });
}

/** The names of a head's outputs; a regression has one. */
function headLabels({ isRegression, labelNames }: TrainingTask): readonly string[] {
  return isRegression ? ['score'] : labelNames;
}

/** The labels that a Hugging Face config names, in their order. */
function labelsOf({ id2label }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return typeof id2label === 'object' && id2label !== null ? Object.values(id2label) : [];
}

function sameNames(a: readonly unknown[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function shown(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, … (${names.length})` : names.join(', ');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
