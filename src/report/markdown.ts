/** @file The report of an experiment as a few lines of Markdown, for a pull request. */
import type { Certificate } from '../certificates/certificate.schema.js';
import { baselineText } from '../experiments/baseline.js';
import { statementOf } from '../experiments/cascade/statement.js';
import type { ExperimentRecord, NeverSeen } from '../experiments/experiment-record.schema.js';
import { plusMinus } from '../experiments/verdict.js';
import { METRICS } from '../metrics/table.js';
import { calibrationSentence, certifiedCoverage } from './calibration-section.js';
import { meanAndSpread, otherMetrics } from './other-metrics.js';
import { hasTest, onReportedSplit, splitsText } from './reported-split.js';
import type { ExperimentStanding } from './standing.js';
import { warningPlace } from './warnings-section.js';
import {
  count,
  counted,
  decimal,
  duration,
  namedInterval,
  runsOf,
  secondaryText,
  shipSentence,
  signedPoints,
  verdictCell,
  verdictFigures,
  verdictSentence,
} from './words.js';

/**
 * Verdict, arms, gains and command in GitHub's Markdown. Whatever comes from data stands there as text: it opens no
 * link, no tag and no table cell, and mentions nobody.
 */
export function reportMarkdown(record: ExperimentRecord, certificate?: Certificate): string {
  const { question, gains, headline, softTargets, ship, command, notCompared } = record;
  const splits = splitsText(record);
  const gain = gains.find(({ arm, over }) => arm === headline?.arm && over === headline.over) ?? gains[0];
  const blocks = [
    `### ${plain(question)}`,
    gain && `**${gain.verdict}.** ${plain(verdictSentence(gain))} ${plain(verdictFigures(gain))}.`,
    notCompared && plain(notCompared),
    ...[softTargets?.text, baselineText(record)].map((text) => text && plain(text)),
    ship && `Ship this one: ${code(ship.path)}. ${plain(shipSentence(ship, record))}`,
    splits && plain(splits),
    armsTable(onReportedSplit(record), hasTest(record) ? record.arms : undefined),
    gains.length > 0 ? gainsTable(record) : undefined,
    gains.length > 1 ? secondaryText(record) : undefined,
    record.neverSeen && neverSeenTable(record.neverSeen),
    record.calibration && plain(calibrationSentence(record.calibration)),
    certificate && plain(`Certified: ${statementOf(certificate)} It keeps ${certifiedCoverage(certificate)}.`),
    warningsList(record),
    circumstances(record),
    command === undefined ? undefined : fenced(command),
  ];
  return `${blocks.filter((block) => block !== undefined).join('\n\n')}\n`;
}

function neverSeenTable({ digit, arms, gains }: NeverSeen): string {
  const cells = ({ mean, interval }: NeverSeen['arms'][number]['all']) => [
    decimal(mean),
    namedInterval(interval?.low, interval?.high, interval?.over === 'seeds'),
  ];
  const shares = table(
    [`students that never saw a ${digit}`, 'all images', '95 % interval', `images of a ${digit}`, '95 % interval'],
    ['---', '---:', '---:', '---:', '---:'],
    arms.map((arm) => [code(arm.name), ...cells(arm.all), ...cells(arm.digit)]),
  );
  const [gain] = gains.digit;
  return gain ? `${shares}\n\nOn the images of a ${digit}: ${plain(gain.text)}.` : shares;
}

/** Where an unfinished experiment stands, in the same Markdown. */
export function standingMarkdown({ before, after, headings, rows }: ExperimentStanding): string {
  const [first = '', ...others] = headings;
  const lines = rows.map(([arm = '', ...cells]) => [code(arm), ...cells]);
  const alignments = ['---', ...others.map(() => '---:')];
  return `${[plain(before), table([first, ...others], alignments, lines), plain(after)].join('\n\n')}\n`;
}

/** @param validated the arms with their scores on the validation split, where the others are of a test split */
function armsTable({ arms, metric }: ExperimentRecord, validated?: ExperimentRecord['arms']): string {
  const others = otherMetrics(arms, metric);
  const [heading, ...named] = [metric, ...others].map((name) => METRICS[name].heading);
  const more = [...(validated ? ['validation split'] : []), ...named];
  return table(
    ['arm', heading ?? '', 'SD', '95 % interval', ...more, 'parameters'],
    ['---', '---:', '---:', '---:', ...more.map(() => '---:'), '---:'],
    arms.map(({ name, mean, sd, interval, metrics, parameters }, i) => [
      code(name),
      decimal(mean, 2),
      sd === undefined ? '' : decimal(sd, 2),
      namedInterval(interval?.low, interval?.high, interval?.over === 'seeds'),
      ...(validated ? [meanAndSpread(validated[i]?.scores)] : []),
      ...others.map((other) => meanAndSpread(metrics?.[other])),
      count(parameters),
    ]),
  );
}

function gainsTable({ gains }: ExperimentRecord): string {
  return table(
    ['gain', 'points', '95 % interval', 'from seeds', 'from rows', 'verdict'],
    ['---', '---:', '---:', '---:', '---:', '---'],
    gains.map(({ arm, over, mean, low, high, fromSeeds, fromRows, ...judged }) => [
      `${code(arm)} over ${code(over)}`,
      signedPoints(mean),
      namedInterval(low, high, fromRows === undefined),
      plusMinus(fromSeeds),
      plusMinus(fromRows),
      verdictCell(judged),
    ]),
  );
}

function warningsList({ warnings = [] }: ExperimentRecord): string | undefined {
  const lines = warnings.map(
    ({ name, text, ...place }) => `- ${code(name)} ${plain(`${warningPlace(place)} ${text}`)}`,
  );
  return lines.length === 0 ? undefined : lines.join('\n');
}

function circumstances({ metric, seeds, arms, data, teacher, environment }: ExperimentRecord): string {
  const { unit } = METRICS[metric];
  const { retort, node, onnxruntime, cpu } = environment;
  const { runs, seconds } = runsOf(arms);
  return [
    counted(seeds.length, 'seed'),
    ...(data?.evaluation ? [`${count(data.evaluation.rows)} rows of ${plain(data.evaluation.name)}`] : []),
    ...(data?.test ? [`${count(data.test.rows)} rows of ${plain(data.test.name)}`] : []),
    ...(teacher?.score === undefined ? [] : [`teacher ${plain(teacher.name)} ${decimal(teacher.score, 2)}${unit}`]),
    ...(teacher?.test === undefined ? [] : [`on the test split ${decimal(teacher.test, 2)}${unit}`]),
    // Of the runs: the record's own time is that of the call that ended it, perhaps of a resumed one.
    `${counted(runs, 'run')}, ${duration(seconds)} in all`,
    `retort ${plain(retort)}, Node ${plain(node)}, ONNX Runtime ${plain(onnxruntime)}, ${plain(cpu)}`,
  ].join(' · ');
}

type Cells = readonly string[];

function table(headings: Cells, alignments: Cells, rows: readonly Cells[]): string {
  return [headings, alignments, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Text that Markdown leaves alone. */
function plain(text: string): string {
  return oneLine(text)
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;' })[character] ?? '&gt;')
    .replace(/[\\`*_[\]|~]/g, (character) => `\\${character}`)
    .replace(/@/g, '&#64;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}&#46;`);
}

/** A code span: nothing in it is read as a mention, a link or a tag. */
function code(text: string): string {
  const inner = oneLine(text).replace(/\|/g, '\\|');
  const fence = '`'.repeat(longestRun(inner) + 1);
  const pad = inner.startsWith('`') || inner.endsWith('`') || inner === '' ? ' ' : '';
  return `${fence}${pad}${inner}${pad}${fence}`;
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}sh\n${text}\n${fence}`;
}

/** Length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
