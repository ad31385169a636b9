/** @file `retort export`. */

import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { cardFacts } from '../../../experiments/card-facts.js';
import { exportScored, type ScoredExport } from '../../../experiments/scored-export.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { BATCH, type Latency, type ScoredForm } from '../../../export/form.js';
import { precisionsOf } from '../../../export/precisions.js';
import { METRICS } from '../../../metrics/table.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMegabytes } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import type { exportUsage } from './usage.js';

export async function exportTrained(
  given: OptionValues<typeof exportUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { onNotice, onDownload, columns } = io;
  if (given.with !== undefined) return joined({ ...given, with: given.with }, io);
  if (given.aloneFrom !== undefined) {
    throw new OptionError({
      where: 'alone_from',
      wanted: 'two students',
      got: 'one',
      fix: 'name the one that answers alone: --with STUDENT',
    });
  }
  const options = { ...given, model: await shippedModel(given.model, onNotice) };
  const { to, outputDir } = options;
  const facts = to === 'hf' ? await cardFacts(options.model) : undefined;
  const namesIn = (list: string | undefined) => list?.split(',').map((name) => name.trim());
  const exported = await exportScored({
    ...options,
    precision: options.precision === undefined ? undefined : precisionsOf(options.precision),
    labelNames: namesIn(options.labelNames),
    keep: namesIn(options.keep),
    facts,
    onNotice,
    onDownload,
  });
  const { path, labelNames: labels, forms, ...written } = exported;
  const { kind, parameters, bytes } = written;
  const size = bytes === undefined ? '' : `, ${formatMegabytes(bytes)}`;
  const line = `exported ${kind}, ${formatCount(parameters)} parameters${size}: ${outputDir}`;
  return {
    text: [`${line}${unscored(exported)}`, ...tableOf(exported, columns)].join('\n'),
    json: { model: path, format: to, outputDir, labels, ...written, ...(forms && { forms: forms.map(recordOf) }) },
  };
}

/** Flags that say how one model is exported. */
const OF_ONE = ['precision', 'layout', 'labelNames', 'question', 'data', 'calibrate', 'keep', 'maxDrop'] as const;

async function joined(
  given: OptionValues<typeof exportUsage.options> & { readonly with: string },
  { onNotice }: CommandIo,
): Promise<CommandOutput> {
  const odd = given.to === 'onnx' ? OF_ONE.find((key) => given[key] !== undefined) : 'to';
  if (odd !== undefined) {
    const wanted = 'two exports as they are, beside with';
    throw new OptionError({ where: odd, wanted, got: String(given[odd]), fix: 'export each with it first' });
  }
  const { joinStudents } = await import('../../../export/joined-student.js');
  const { model: first, with: second, outputDir, aloneFrom, overwrite } = given;
  const { labels, bytes } = await joinStudents({ first, second, outputDir, aloneFrom, overwrite, onNotice });
  const alone = aloneFrom === undefined ? '' : `, ${second} alone from ${aloneFrom} on`;
  return {
    text: `joined ${first} and ${second}${alone}, ${formatMegabytes(bytes)}: ${outputDir}`,
    json: { models: [first, second], aloneFrom: aloneFrom ?? null, format: given.to, outputDir, labels, bytes },
  };
}

/** JSON has no undefined. */
function recordOf({ interval, flips, agreement, ...form }: ScoredForm) {
  return { ...form, interval95: interval ?? null, flips: flips ?? null, agreement: agreement ?? null };
}

/** Of precisions that nobody knows the score of. */
function unscored({ precisions, bytes, forms }: ScoredExport): string {
  const compact = precisions.filter((precision) => precision !== 'float32');
  if (forms !== undefined || compact.length === 0 || bytes === undefined) return '';
  return ` (${compact.join(', ')} unscored: give rows with labels, --data)`;
}

function tableOf({ forms = [], scoredOn }: ScoredExport, columns: number | undefined): string[] {
  const [first] = forms;
  if (first === undefined || scoredOn === undefined) return [];
  const headings = [
    ...['form', 'MB', 'gzipped', '1 text: ms, p50', 'p95', `${BATCH} texts: ms, p50`, 'p95', 'texts/s'],
    ...[METRICS[first.metric].name, '95 % interval', 'same label', 'flips', 'largest change'],
  ];
  return [
    '',
    renderTable(headings, forms.map(rowOf), columns),
    `${formatCount(scoredOn.rows)} rows of ${scoredOn.data}`,
  ];
}

function rowOf({
  name,
  bytes,
  gzippedBytes,
  speed,
  value,
  interval,
  agreement,
  flips,
  largestChange,
}: ScoredForm): string[] {
  const megabytes = (size: number) => (size / 1e6).toFixed(size < 1e5 ? 2 : 1);
  const percent = (share: number) => (100 * share).toFixed(2);
  const milliseconds = ({ p50, p95 }: Latency) => [p50, p95].map((time) => time.toFixed(2));
  return [
    ...[name, megabytes(bytes), megabytes(gzippedBytes)],
    ...[...milliseconds(speed.one), ...milliseconds(speed.many), formatCount(Math.round(speed.throughput))],
    ...[percent(value), interval?.map(percent).join(' to ') ?? '-'],
    ...[agreement === undefined ? '-' : percent(agreement), flips === undefined ? '-' : formatCount(flips)],
    largestChange.toFixed(4),
  ];
}
