/** @file `retort primer`: the article's table, then seven arms over many seeds, a verdict and a report. */
import { join } from 'node:path';
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { type PrimerEvent, type PrimerFigures, runPrimer } from '../../../experiments/primer/primer.js';
import { type ArticleModel, trainArticle } from '../../../experiments/primer/train-digits.js';
import { statIfThere, writeFileAtomic } from '../../../files/atomic-write.js';
import { reportHtml } from '../../../report/html.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { gainsText, shipText } from '../../experiment-lines.js';
import { foldWords } from '../../fold-words.js';
import { formatDuration } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderPrimerTable, renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import type { primerUsage } from './usage.js';

type Options = OptionValues<typeof primerUsage.options>;

/** With `--quick` the article's three models alone. */
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
  if (options.quick) return articleOutput(models, { table, fold, folder, seed });
  // On the screen at once, and not behind minutes of training.
  const more = fold(`One seed (${seed}) shows nothing. Now ${seeds} seeds, with and without the teacher:`);
  if (!options.json) await io.write(`${table}\n\n${more}\n`);
  const outputDir = join(folder, 'seeds');
  const { figures, record } = await runPrimer({
    ...{ seeds, outputDir, dataDir, resume, overwrite, command },
    onEvent: progressOf(io),
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
    json: { ...figures, ship: record.ship ? { ...record.ship } : null, outputDir: folder, report },
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

/** A line for each seed that is done. */
function progressOf(io: CommandIo): (event: PrimerEvent) => void {
  const started = performance.now();
  let first: number | undefined;
  return (event) => {
    if (event.type === 'notice') io.onNotice(event.text);
    if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
    const { runs, finished } = event.event;
    first ??= finished - 1;
    if (finished % 7 !== 0 && finished !== runs) return;
    const seconds = (performance.now() - started) / 1000;
    const left = (seconds / (finished - first)) * (runs - finished);
    io.say(`${finished}/${runs} runs${finished < runs ? `, about ${formatDuration(left)} left` : ''}`);
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

type ArticleShown = {
  readonly table: string;
  readonly fold: (text: string) => string;
  readonly folder: string;
  readonly seed: number;
};

function articleOutput(models: readonly ArticleModel[], { table, fold, folder, seed }: ArticleShown): CommandOutput {
  const remarks = [
    'Accuracy on the 10,000 test images after the last epoch.',
    `One seed (${seed}) shows nothing: with another, the small models move by tens of points. Whether KD helps takes ` +
      'many seeds.',
  ];
  return {
    text: [table, '', ...remarks.map(fold), `Models: ${folder}`].join('\n'),
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
    },
  };
}
