/** @file The primer told in full: the article's table, then seven arms over many seeds, a verdict and a report. */
import { join } from 'node:path';
import { type PrimerEvent, type PrimerFigures, runPrimer as runSeeds } from '../../../experiments/primer/primer.js';
import { writeFileAtomic } from '../../../files/atomic-write.js';
import { reportHtml } from '../../../report/html.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { gainsText, shipText } from '../../experiment-lines.js';
import { foldWords } from '../../fold-words.js';
import { formatCount, formatDuration } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderPrimerTable, renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { primerFolder, runQuickPrimer, trainArticle } from './quick-primer.js';
import type { primerUsage } from './usage.js';

/** `retort primer`. */
export async function runPrimer(
  options: OptionValues<typeof primerUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  if (options.quick) return runQuickPrimer(options, io);
  const columns = io.columns ?? DEFAULT_COLUMNS;
  const folder = await primerFolder(options);
  const article = await trainArticle(options, io, join(folder, 'article'));
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const table =
    `${renderPrimerTable(article, columns)}\n\n` +
    fold(`One seed (${options.seed}) is an anecdote. Now ${options.seeds} seeds, with and without the teacher:`);
  // On the screen at once, and not behind minutes of training.
  if (!options.json) await io.write(`${table}\n`);
  const { figures, record } = await runSeeds({
    seeds: options.seeds,
    outputDir: join(folder, 'seeds'),
    dataDir: options.dataDir,
    resume: options.resume,
    overwrite: options.overwrite,
    command: io.commandLine,
    onEvent: progressOf(io),
    signal: io.interruption(),
    ...(options.workers !== undefined && { workers: options.workers }),
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
      ...shipText(record, join(folder, 'seeds'), columns),
      '',
      `Report: ${report}`,
    ].join('\n'),
    json: { ...figures, ship: record.ship ? { ...record.ship } : null, outputDir: folder, report },
  };
}

/** A line for each seed that is done. */
function progressOf(io: CommandIo): (event: PrimerEvent) => void {
  const started = performance.now();
  let first: number | undefined;
  return (event) => {
    if (event.type === 'notice') io.notice(event.text);
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
    mean.toFixed(2),
    sd === null ? '-' : sd.toFixed(2),
    seed42 === null ? '-' : seed42.toFixed(2),
  ]);
  return renderTable(['arm', 'parameters', 'mean %', 'sd', 'seed 42'], rows, columns);
}
