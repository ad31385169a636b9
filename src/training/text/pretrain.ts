/** @file Masked-language-model pre-training on texts without labels, by names and a few numbers. */
import { join } from 'node:path';
import { dataName } from '../../data/open-task.js';
import { UNLABELLED_SETTINGS } from '../../data/task-settings.js';
import type { TextTable } from '../../data/text-table.js';
import { drawnRows, openUnlabelled } from '../../data/unlabelled-texts.js';
import { OptionError, SignalError } from '../../errors/failures.js';
import { openMaskedLm, trainsHead } from '../../methods/masked-lm.js';
import type { Method } from '../../methods/method.js';
import { parsedOptions } from '../../methods/named-method.js';
import { METHODS } from '../../methods/table.js';
import { openAnyModel } from '../../models/any-model.js';
import { findOnHub, type HubEvents } from '../../models/find-on-hub.js';
import { loadModelTokenizer } from '../../models/model-tokenizer.js';
import { checkStart, startingPart } from '../../models/start.js';
import { withMaskedLmHead } from '../../models/with-masked-lm-head.js';
import { defined, type Given, settingsOf } from '../../options/given.js';
import { resolveDevice } from '../../runtime/devices.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { RandomStream } from '../../tensor/random.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import { tokenizerHash } from '../../tokenizers/tokenizer-hash.js';
import { openMaskedLmEvaluator } from '../evaluation/masked-lm-evaluator.js';
import { runTraining } from '../run/run.js';
import type { RunOptions, RunResult } from '../run/run-options.js';
import { eventsOf, expectFreeFolder, type FineTuneEvent } from './fine-tune.js';
import { type MaskedLmOptions, maskedLmRun } from './masked-lm.js';
import { PRETRAIN_SETTINGS, type PretrainSettings } from './pretrain-settings.js';

type Metrics = Readonly<Record<string, number>>;

export type PretrainEvent =
  | FineTuneEvent
  /** How the model that the run starts from predicts masked tokens, before its first step. */
  | { readonly type: 'before'; readonly metrics: Metrics; readonly texts: number };

export type PretrainOptions = Given<Omit<PretrainSettings, 'model' | 'teacher' | 'method'>> &
  Given<Pick<RunOptions, 'command' | 'signal'>> & {
    /** Sets by name, whose training rows are used, and files; or texts that a program has read. */
    readonly texts: readonly string[] | TextTable;
    /** By name, folder or run; or an encoder with the head `masked-lm` (`withMaskedLmHead`). */
    readonly model?: string | MaskedLmOptions['model'] | undefined;
    /** By path or name; or any teacher of the student's tokens. */
    readonly teacher?: string | Teacher | undefined;
    readonly method?: PretrainSettings['method'] | Method;
    readonly onEvent?: ((event: PretrainEvent) => void) | undefined;
  };

export type Pretrained = RunResult & {
  readonly outputDir: string;
  readonly data: PretrainTexts;
  /** Before the first step, on the texts that are scored; empty where none are. */
  readonly before: Metrics;
};

export type PretrainTexts = { readonly train: TextTable; readonly evaluation?: TextTable };

const MOST_DEV_ROWS = 2000;
const DEV_SHARE = 0.05;

/** The stage of a method that has no labels of a task. */
const STAGES = { distilbert: 'distillation', minilm: 'distillation', tinybert: 'intermediate' } as const;

/**
 * Trains a masked language model as `retort pretrain` does: on all texts but some that are set aside to score on. All that
 * can be wrong with the settings is found before a model is fetched. The output folder is that of a run (`runTraining`).
 * @throws OptionError for settings that do nothing here; as `openUnlabelled`, `openAnyModel` and `trainMaskedLm` do.
 */
export async function pretrain(options: PretrainOptions): Promise<Pretrained> {
  const settings = settingsOf(PRETRAIN_SETTINGS, options);
  if (typeof options.model !== 'object') checkStart(settings);
  const method = methodFor(options);
  const device = await resolveDevice(settings.device);
  const { texts, onEvent } = options;
  const name = 'texts' in texts ? texts.name : texts.map(dataName).join('-');
  const { outputDir = join('outputs', `pretrain-${name}`) } = settings;
  await expectFreeFolder(outputDir, settings);
  const events = eventsOf(options);
  const data = await openTexts(options, method, events);
  const model = await openStart(options, events);
  const teacher = method && (await openTeacher(options, method, model.tokenizer, events));
  const run = await maskedLmRun({
    ...settings,
    ...{ model, method, teacher, device, outputDir, onEvent },
    ...{ texts: data.train, evaluation: data.evaluation, rate: settings.maskRate },
    ...{ command: options.command, signal: options.signal },
  });
  const before = await scored(run);
  if (data.evaluation) onEvent?.({ type: 'before', metrics: before, texts: data.evaluation.size });
  return { ...(await runTraining(run)), outputDir, data, before };
}

/**
 * How the student learns from the teacher; undefined without one.
 * @throws OptionError for settings that do nothing without a teacher, another stage of the method, options it does not have.
 */
function methodFor(options: PretrainOptions): Method | undefined {
  const { teacher, method = 'distilbert', methodOptions } = options;
  if (teacher === undefined) {
    const where = (['method', 'methodOptions', 'answersAt'] as const).find((name) => options[name] !== undefined);
    if (where === undefined) return undefined;
    throw new OptionError({ where, wanted: 'a teacher', got: 'none', fix: 'leave it out' });
  }
  if (typeof method === 'object') return method;
  const stage = STAGES[method];
  const chosen = parsedOptions(methodOptions);
  if (chosen.stage !== undefined && chosen.stage !== stage) {
    throw new OptionError({
      where: 'methodOptions',
      wanted: `stage=${stage}, the only one without labels of a task`,
      got: `stage=${chosen.stage}`,
      fix: 'leave it out here, and use the others with retort distill',
    });
  }
  const made = METHODS[method].fromRecord({ ...chosen, stage });
  if (made.needs.length > 0) return made;
  throw new OptionError({
    where: 'methodOptions',
    wanted: `something of method '${method}' for the teacher to teach`,
    got: methodOptions ?? 'none',
    fix: 'leave teacher out to learn from masked tokens alone',
  });
}

/** Texts to train on, and to score on where the method trains a head. */
async function openTexts(
  options: PretrainOptions,
  method: Method | undefined,
  events: HubEvents,
): Promise<PretrainTexts> {
  const { texts, dev, devShare } = options;
  const { onNotice } = events;
  const settings = settingsOf(UNLABELLED_SETTINGS, options);
  if (dev !== undefined && devShare !== undefined) {
    throw new OptionError({ where: 'dev, devShare', wanted: 'only one of them', got: 'both' });
  }
  const isScored = method === undefined || trainsHead(method);
  if (!isScored && (dev !== undefined || devShare !== undefined)) {
    throw new OptionError({
      where: dev === undefined ? 'devShare' : 'dev',
      wanted: `a method whose predictions of masked tokens can be scored: '${method.name}' compares layers and trains no head`,
      got: String(dev ?? devShare),
      fix: 'leave it out',
    });
  }
  const all = 'texts' in texts ? texts : await openUnlabelled(texts, settings, onNotice);
  if (!isScored) return { train: all };
  if (dev !== undefined) {
    return { train: all, evaluation: await openUnlabelled([dev], { ...settings, rows: undefined }, onNotice) };
  }
  const count = Math.min(MOST_DEV_ROWS, Math.max(1, Math.round((devShare ?? DEV_SHARE) * all.size)));
  if (count >= all.size) {
    const [wanted, got] = ['enough texts for a training and a validation split', `${all.size} of them`];
    throw new OptionError({ where: all.name, wanted, got, fix: 'give more texts' });
  }
  const random = new RandomStream(settings.dataSeed, 'texts aside');
  const { drawn, others } = drawnRows(all, count, random, `${all.name}, set aside`);
  return { train: others, evaluation: drawn };
}

async function openStart(options: PretrainOptions, events: HubEvents): Promise<MaskedLmOptions['model']> {
  if (typeof options.model === 'object') return options.model;
  const settings = settingsOf(PRETRAIN_SETTINGS, options);
  const { model, seed } = settings;
  const opened = await openAnyModel(model, { ...events, find: findOnHub(events), head: 'masked-lm', seed });
  const start = startingPart(withMaskedLmHead(opened, seed), settings);
  return { ...start, tokenizer: await loadModelTokenizer(opened) };
}

/** @throws OptionError for one whose head is asked and was never trained; SignalError for another tokenizer. */
async function openTeacher(options: PretrainOptions, method: Method, tokenizer: Tokenizer, events: HubEvents) {
  const { teacher: name = '', threads, device } = options;
  if (typeof name === 'object') return name;
  const opened = method.needs.includes('logits')
    ? await openMaskedLm(name, events, 'teacher')
    : await openBody(name, events);
  if (tokenizerHash(opened.tokenizer) !== tokenizerHash(tokenizer)) {
    throw new SignalError({
      where: `teacher ${name}`,
      wanted: "a teacher with the student's own tokenizer: its outputs are compared token by token",
      got: 'another tokenizer',
      fix: "start the student from the teacher's family (--model)",
    });
  }
  return modelTeacher(opened, defined({ threads, device }));
}

/** An encoder whose layers alone are looked at. Its head has to have the student's classes, and is never run. */
async function openBody(name: string, events: HubEvents) {
  const opened = await openAnyModel(name, { ...events, find: findOnHub(events), head: 'masked-lm' });
  return { ...opened, ...withMaskedLmHead(opened, 0), tokenizer: await loadModelTokenizer(opened) };
}

/** How the model that the run starts from predicts masked tokens. */
async function scored({ data, weights, perturbation: masking, ...run }: RunOptions): Promise<Metrics> {
  if (data.evaluation === undefined || weights === undefined || masking === undefined) return {};
  const evaluator = await openMaskedLmEvaluator({ ...run, data: data.evaluation, masking });
  try {
    return (await evaluator.evaluate(weights)).metrics;
  } finally {
    await evaluator.release();
  }
}
