/** @file `retort primer`: the article's table, students that never saw a digit, then seven arms over many seeds and a report. */
import { join } from 'node:path';
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import type { NeverSeen } from '../../../experiments/experiment-record.schema.js';
import { type NeverSeenEvent, runNeverSeen } from '../../../experiments/primer/never-seen.js';
import { NEVER_SEEN_ARMS } from '../../../experiments/primer/never-seen-arms.js';
import { type PrimerEvent, type PrimerFigures, runPrimer } from '../../../experiments/primer/primer.js';
import { PRIMER_ARMS } from '../../../experiments/primer/primer-arms.js';
import { type ArticleModel, trainArticle } from '../../../experiments/primer/train-digits.js';
import { statIfThere, writeFileAtomic } from '../../../files/atomic-write.js';
import { asJson } from '../../../files/fingerprint.js';
import { reportHtml } from '../../../report/html.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { gainsText, shipText } from '../../experiment-lines.js';
import { foldWords } from '../../fold-words.js';
import { formatTimeRange } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderPrimerTable, renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { neverSeenJson, neverSeenStart, neverSeenText } from './never-seen-lines.js';
import type { primerUsage } from './usage.js';

type Options = OptionValues<typeof primerUsage.options>;

/** With `--quick` the article's three models, and the second act on one seed. */
export async function primer(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { seeds, seed, dataDir, resume, overwrite, workers } = options;
  const columns = io.columns ?? DEFAULT_COLUMNS;
  const folder = await folderOf(options);
  const { commandLine: command, onEvent } = io;
  const models = await trainArticle({
    ...options,
    outputDir: options.quick ? folder : join(folder, 'article'),
    command,
    onEvent,
    onModel: ({ number, of, model, hidden, images, epochs }) =>
      io.say(`${number}/${of} ${model}: 784-${hidden}-10, ${formatCount(images)} images, ${epochs} epochs`),
    // In a new folder there is nothing to go on from later, so there Ctrl-C ends it at once.
    ...(options.outputDir !== undefined && { signal: io.interruption() }),
  });
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const table = renderPrimerTable(models, columns);
  // On the screen at once, and not behind minutes of training.
  const write = async (...blocks: readonly string[]) => {
    if (!options.json) await io.write(`${blocks.join('\n\n')}\n\n`);
  };
  await write(table, ...(options.quick ? articleRemarks(seed) : [`One seed (${seed}) shows nothing.`]).map(fold));
  const neverSeen = await secondAct(options, folder, io);
  if (options.quick) return quickOutput(models, { neverSeen, columns, folder, seed });
  await write(
    neverSeenText(neverSeen, columns),
    fold(`Now seven arms on ${seeds === 1 ? 'one seed' : `${seeds} seeds`}, with and without the article's teacher:`),
  );
  const outputDir = join(folder, 'seeds');
  const { figures, record } = await runPrimer({
    ...{ seeds, outputDir, dataDir, resume, overwrite, command, neverSeen },
    onEvent: progressOf(io, PRIMER_ARMS.length),
    signal: io.interruption(),
    ...(workers !== undefined && { workers }),
  });
  const report = join(folder, 'report.html');
  await writeFileAtomic(report, reportHtml(record));
  const [answer, ...others] = [record.headline?.text, record.softTargets?.text].filter((text) => text !== undefined);
  return {
    text: [
      '',
      armsTable(figures, columns),
      '',
      ...[answer ?? '', ...others].map(fold),
      '',
      gainsText(record, columns),
      '',
      ...shipText(record, outputDir, columns),
      '',
      `Report: ${report}`,
    ].join('\n'),
    json: {
      ...figures,
      neverSeen: neverSeenJson(neverSeen),
      ship: record.ship ? asJson(record.ship) : null,
      outputDir: folder,
      report,
    },
  };
}

/**
 * The folder of a primer: the one that is named, or a new one, `outputs/primer-20260131-235959`, with a number after it if
 * that is taken.
 * @throws OptionError for flags that need a named one.
 */
async function folderOf({ outputDir, resume, overwrite }: Options): Promise<string> {
  if (outputDir !== undefined) return outputDir;
  if (resume || overwrite) {
    throw new OptionError({
      where: resume ? '--resume' : '--overwrite',
      wanted: 'the folder of the earlier primer',
      got: 'no --output_dir',
      fix: 'add --output_dir, or leave the flag out to train in a new folder',
    });
  }
  const [date, time] = new Date().toISOString().replace(/[-:]/g, '').split(/[T.]/);
  const base = join('outputs', `primer-${date}-${time}`);
  let name = base;
  for (let count = 2; (await statIfThere(name)) !== undefined; count++) name = `${base}-${count}`;
  return name;
}

/** Students that never see a digit: with `--quick` on the first seed alone. */
async function secondAct(options: Options, folder: string, io: CommandIo): Promise<NeverSeen> {
  const { quick, dataDir, withoutDigit, resume, overwrite, workers } = options;
  const seeds = quick ? 1 : options.seeds;
  io.say(neverSeenStart(withoutDigit, seeds));
  return runNeverSeen({
    ...{ seeds, dataDir, withoutDigit, resume, overwrite },
    outputDir: join(folder, 'never-seen'),
    onEvent: progressOf(io, NEVER_SEEN_ARMS.length),
    // As of the article's models: a new folder is not taken up again.
    ...(options.outputDir !== undefined && { signal: io.interruption() }),
    ...(workers !== undefined && { workers }),
  });
}

/** A line for each seed that is done. */
function progressOf(io: CommandIo, arms: number): (event: PrimerEvent | NeverSeenEvent) => void {
  return (event) => {
    if (event.type === 'notice') io.onNotice(event.text);
    if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
    const { runs, finished, secondsLeft } = event.event;
    if (finished % arms !== 0 && finished !== runs) return;
    io.say(`${finished}/${runs} runs${finished < runs ? `, ${formatTimeRange(secondsLeft)} left` : ''}`);
  };
}

function armsTable({ arms }: PrimerFigures, columns: number): string {
  const rows = arms.map(({ name, params, mean, sd, seed42 }) => [
    name,
    formatCount(params),
    ...[mean, sd, seed42].map((value) => value?.toFixed(2) ?? '-'),
  ]);
  return renderTable(['arm', 'parameters', 'mean %', 'sd', 'seed 42'], rows, columns);
}

type QuickShown = {
  readonly neverSeen: NeverSeen;
  readonly columns: number;
  readonly folder: string;
  readonly seed: number;
};

function articleRemarks(seed: number): string[] {
  return [
    'Accuracy on the 10,000 test images after the last epoch.',
    `One seed (${seed}) shows nothing: with another, the small models move by tens of points. Whether KD helps takes ` +
      'many seeds.',
  ];
}

function quickOutput(models: readonly ArticleModel[], { neverSeen, columns, folder, seed }: QuickShown): CommandOutput {
  return {
    text: [neverSeenText(neverSeen, columns), '', `Models: ${folder}`].join('\n'),
    json: {
      seeds: [seed],
      outputDir: folder,
      models: models.map(({ articleAccuracy, ourAccuracy, seconds, path, ...model }) => ({
        ...model,
        articleAccuracyPercent: articleAccuracy,
        accuracyPercent: ourAccuracy,
        seconds,
        outputDir: path,
      })),
      neverSeen: neverSeenJson(neverSeen),
    },
  };
}
