/** @file `retort pretrain`. */
import { join } from 'node:path';
import { selectRows, type TextTable } from '../../../data/text-table.js';
import { OptionError } from '../../../errors/failures.js';
import { openAnyModel } from '../../../models/any-model.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { checkStart, startingPart } from '../../../models/start.js';
import { withMaskedLmHead } from '../../../models/with-masked-lm-head.js';
import { resolveDevice } from '../../../runtime/devices.js';
import { RandomStream } from '../../../tensor/random.js';
import { openMaskedLmEvaluator } from '../../../training/evaluation/masked-lm-evaluator.js';
import { runTraining } from '../../../training/run/run.js';
import type { RunResult } from '../../../training/run/run-options.js';
import type { RunRecord } from '../../../training/run/run-record.js';
import { expectFreeFolder } from '../../../training/text/fine-tune.js';
import { maskedLmRun } from '../../../training/text/masked-lm.js';
import type { CommandIo, CommandOutput, Json } from '../../command.js';
import { formatCount, formatMetric, formatSeconds } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { trainsHead } from './hidden-word-models.js';
import { openPretrainingTeacher, pretrainingMethod } from './pretraining-teacher.js';
import { readUnlabelled, textsName } from './unlabelled-texts.js';
import type { pretrainUsage } from './usage.js';

type Options = OptionValues<typeof pretrainUsage.options>;
type Metrics = Readonly<Record<string, number>>;
type Texts = { readonly train: TextTable; readonly evaluation?: TextTable };

const MOST_DEV_ROWS = 2000;
const DEV_SHARE = 0.05;

/** Trains a masked language model on texts. All that can be wrong with the flags is found before a model is fetched. */
export async function pretrainOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  checkStart({ ...options, hidden: undefined, vocabulary: undefined });
  const method = pretrainingMethod(options);
  const device = await resolveDevice(options.device);
  const { texts, dev, devShare } = options;
  const outputDir = options.outputDir ?? join('outputs', `pretrain-${texts.map(textsName).join('-')}`);
  if (dev !== undefined && devShare !== undefined) {
    throw new OptionError({ where: '--dev, --dev_share', wanted: 'at most one of the two', got: 'both' });
  }
  await expectFreeFolder(outputDir, options);
  const all = await readUnlabelled(texts, options, io);
  const data: Texts =
    method !== undefined && !trainsHead(method)
      ? unscored(all, options)
      : dev === undefined
        ? withTextsAside(all, devShare ?? DEV_SHARE, options.dataSeed)
        : { train: all, evaluation: await readUnlabelled([dev], { ...options, rows: undefined }, io) };
  const model = await openStart(options, io);
  const teacher = method && (await openPretrainingTeacher(options, method, model.tokenizer, io));
  const { threads, answersAt, method: _name, teacher: _path, ...settings } = options;
  const run = await maskedLmRun({
    ...settings,
    ...(threads !== undefined && { threads }),
    ...(answersAt !== undefined && { answersAt }),
    ...(method && teacher && { method, teacher }),
    model,
    texts: data.train,
    ...(data.evaluation && { evaluation: data.evaluation }),
    rate: options.maskRate,
    device,
    outputDir,
    command: io.commandLine,
    onEvent: io.onEvent,
    signal: io.interruption(),
  });
  const before = await scored(run);
  if (data.evaluation !== undefined) {
    io.say(`before   ${figures(before)} on ${formatCount(data.evaluation.size)} texts`);
  }
  return outputOf(outputDir, data, before, await runTraining(run));
}

/**
 * All texts to train on: a method that compares layers alone trains no head, whose guesses could be scored.
 * @throws OptionError for flags about texts to score on.
 */
function unscored(all: TextTable, { method, dev, devShare }: Options): Texts {
  if (dev === undefined && devShare === undefined) return { train: all };
  throw new OptionError({
    where: dev === undefined ? '--dev_share' : '--dev',
    wanted: `a method whose guesses of hidden words can be scored: '${method}' compares layers and trains no head`,
    got: String(dev ?? devShare),
    fix: 'leave the flag out',
  });
}

/** Texts drawn by the seed, set aside to score on. */
function withTextsAside(table: TextTable, share: number, seed: number): { train: TextTable; evaluation: TextTable } {
  const count = Math.min(MOST_DEV_ROWS, Math.max(1, Math.round(share * table.size)));
  if (count >= table.size) {
    const got = `${table.size} of them`;
    throw new OptionError({
      where: table.name,
      wanted: 'texts to train on and to score on',
      got,
      fix: 'give more texts',
    });
  }
  const order = new RandomStream(seed, 'texts aside').permutation(table.size);
  return {
    train: selectRows(table, order.slice(count).sort()),
    evaluation: selectRows(table, order.slice(0, count).sort(), `${table.name}, set aside`),
  };
}

async function openStart(options: Options, io: CommandIo) {
  const { model: name, seed, maxLength } = options;
  const opened = await openAnyModel(name, {
    find: findOnHub({ onNotice: io.notice, onDownload: io.onDownload }),
    onNotice: io.notice,
    head: 'masked-lm',
    seed,
  });
  const start = startingPart(withMaskedLmHead(opened, seed), options);
  const most = start.model.maxTokens ?? Number.POSITIVE_INFINITY;
  if (maxLength !== undefined && maxLength > most) {
    const wanted = `at most ${most} tokens, as this model has positions for`;
    throw new OptionError({ where: '--max_length', wanted, got: String(maxLength) });
  }
  return { ...start, tokenizer: await loadModelTokenizer(opened) };
}

/** What the model that the run starts from guesses. */
async function scored(run: Awaited<ReturnType<typeof maskedLmRun>>): Promise<Metrics> {
  const { data, weights, perturbation: masking } = run;
  if (data.evaluation === undefined || weights === undefined || masking === undefined) return {};
  const evaluator = await openMaskedLmEvaluator({ ...run, data: data.evaluation, masking });
  try {
    return (await evaluator.evaluate(weights)).metrics;
  } finally {
    await evaluator.release();
  }
}

function figures(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatMetric(name, value)}`)
    .join(', ');
}

/** The terms of the loss, by name. */
function termsOf({ epochs }: RunRecord): string {
  const terms = Object.entries(epochs.at(-1)?.losses ?? {});
  return terms.map(([name, value]) => `${name} ${value.toFixed(4)}`).join(', ');
}

function outputOf(
  outputDir: string,
  { train, evaluation }: Texts,
  before: Metrics,
  { record, status, lastPath }: RunResult,
): CommandOutput {
  const { metrics, parameters, steps, seconds } = record;
  const lines = [
    ...(evaluation === undefined
      ? [`${termsOf(record)} in the last epoch`]
      : [
          `${figures(metrics)} of hidden words of ${formatCount(evaluation.size)} texts after the last epoch`,
          `before   ${figures(before)}`,
        ]),
    `trained  ${formatCount(parameters)} parameters on ${formatCount(train.size)} texts, ${formatCount(steps)} steps in ${formatSeconds(seconds)}`,
    `model    ${lastPath ?? outputDir}`,
    `next     retort train DATA --model ${outputDir}`,
  ];
  const json: Json = {
    status,
    outputDir,
    ...(lastPath !== undefined && { model: lastPath }),
    train: { name: train.name, rows: train.size },
    dev: evaluation === undefined ? null : { name: evaluation.name, rows: evaluation.size },
    parameters,
    steps,
    seconds,
    before: { ...before },
    metrics: { ...metrics },
  };
  return { text: lines.join('\n'), json };
}
