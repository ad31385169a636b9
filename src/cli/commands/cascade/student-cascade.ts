/** @file `retort cascade`. */
import { formatCount, money } from '../../../errors/number-text.js';
import {
  type CertifiedStudent,
  certifyStudent,
  type Kept,
  type Range,
} from '../../../experiments/cascade/certify-student.js';
import { whyNothing } from '../../../experiments/cascade/why-nothing.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { asJson } from '../../../files/fingerprint.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { foldWords } from '../../fold-words.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import type { cascadeUsage } from './usage.js';

type Options = OptionValues<typeof cascadeUsage.options>;

/** Texts between two lines of progress. */
const SAID_EVERY = 2000;

export async function certifyCascade(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { onNotice, onDownload, say } = io;
  const result = await certifyStudent({
    ...options,
    student: await shippedModel(options.student, onNotice),
    ...{ onNotice, onDownload },
    onProgress: (done, of) => {
      if (done % SAID_EVERY === 0) say(`${formatCount(done)} of ${formatCount(of)} texts`);
    },
  });
  if (!result.sample.isChecked) {
    onNotice(
      '--trained none: the statement holds if no calibration row trained, validated or tuned student or teacher',
    );
  }
  return { text: textOf(result, io.columns ?? DEFAULT_COLUMNS), json: jsonOf(result) };
}

const LABEL_WIDTH = 10;

function textOf(result: CertifiedStudent, columns: number): string {
  const { student, identity, path, certified, realised } = result;
  const { found } = certified;
  const line = (label: string, text: string) =>
    foldWords(text.split(' '), columns - LABEL_WIDTH).map(
      (part, i) => (i === 0 ? label : '').padEnd(LABEL_WIDTH) + part,
    );
  const { artefact, precision, temperature, question, questionHash } = identity;
  const scaled = temperature === 1 ? '' : `, temperature ${temperature.toFixed(3)}`;
  return [
    ...line(
      'student',
      `${student}, ${artefact.file} (${precision}${scaled}, SHA-256 ${artefact.sha256.slice(0, 12)}…)`,
    ),
    ...line(
      'question',
      `${question.type} of ${question.criteria.length} labels: ${question.instructions} (${questionHash.slice(0, 12)}…)`,
    ),
    ...sampleLines(result).flatMap((text, i) => line(i === 0 ? 'sample' : '', text)),
    '',
    ...line(found === undefined ? 'nothing' : 'proved', result.statement ?? whyNothing(result)),
    ...(found === undefined
      ? []
      : line('coverage', `${range(found.coverage)} of requests are kept, threshold ${found.threshold.toFixed(6)}`)),
    '',
    renderTable(...curveTable(result), columns),
    '',
    ...(realised === undefined
      ? []
      : [...realisedLines(result, realised).flatMap((text, i) => line(i === 0 ? 'test rows' : '', text)), '']),
    ...line('file', path ?? 'none is written'),
  ].join('\n');
}

function sampleLines({ sample, scale, truth, model, score, deferred }: CertifiedStudent): readonly string[] {
  const { rows, refusals, repeated, leftOut, asked } = sample;
  const by = truth === 'labels' ? 'labels' : `choices of ${model ?? 'a teacher that is not named'}`;
  const why =
    truth === 'labels'
      ? ''
      : `, asked ${Object.entries(asked)
          .map(([reason, count]) => `${reason}: ${formatCount(count)}`)
          .join(', ')}`;
  return [
    `${formatCount(rows)} rows with ${by}${why}${repeated > 0 ? `; ${formatCount(repeated)} have the text of another, and count` : ''}`,
    ...(refusals > 0
      ? [`${formatCount(refusals)} rows without one (refusals), of which the statement says nothing`]
      : []),
    ...Object.entries(leftOut).map(([reason, count]) => `${formatCount(count)} rows left out: ${reason}`),
    ...scoreLines(score, deferred),
    `thresholds from ${formatCount(scale.texts)} ${scale.isSetAside ? 'of the rows, set aside for that' : 'other texts'}`,
  ];
}

/** What the threshold is set on, where that is not the probability of the label alone. */
function scoreLines({ score, fit }: CertifiedStudent['score'], deferred: readonly string[]): readonly string[] {
  const { rows = 0, wrong = 0, leftOut } = fit ?? {};
  const areas =
    leftOut === undefined
      ? `${formatCount(wrong)} wrong ones are too few to fit a ranker to`
      : `area under risk by coverage ${leftOut.maxProbability.toFixed(4)} → ${leftOut.ranker.toFixed(4)} on rows left out of the fit`;
  const kind = score.kind === 'ranker' ? 'a ranker' : 'the probability of the label';
  return [
    ...(fit === undefined ? [] : [`score: ${kind}, by ${formatCount(rows)} validation rows (${areas})`]),
    ...(deferred.length === 0
      ? []
      : [
          `${formatCount(deferred.length)} labels with too few rows go to the teacher: ${deferred.slice(0, 5).join(', ')}${deferred.length > 5 ? ', …' : ''}`,
        ]),
  ];
}

function curveTable({ curve, certified }: CertifiedStudent): [string[], string[][]] {
  const hasCost = curve.some(({ cost }) => cost !== undefined);
  const heading = ['threshold', 'kept', 'right of kept', 'right of all', 'to the teacher'];
  const rows = curve.map(({ threshold, kept, agreementOfKept, agreementOfAll, asked, cost }) => [
    `${threshold.toFixed(4)}${threshold === certified.found?.threshold ? ' *' : ''}`,
    percent(kept),
    percent(agreementOfKept),
    percent(agreementOfAll),
    percent(asked),
    ...(hasCost ? [money(cost ?? 0)] : []),
  ]);
  return [[...heading, ...(hasCost ? ['cost of 1,000'] : [])], rows];
}

function realisedLines({ risk, certified }: CertifiedStudent, realised: Kept): readonly string[] {
  const { rows, kept, wrong, coverage, riskOfKept, riskOfAll } = realised;
  const promised = certified.found?.coverage;
  const beside = (bound: number, found: Range) =>
    `promised at most ${percent(bound)}, found ${range(found)}${found.low > bound ? ': ABOVE the bound' : ''}`;
  return [
    `${formatCount(kept)} of ${formatCount(rows)} kept, ${formatCount(wrong)} of these wrong`,
    ...(promised === undefined ? [] : [`coverage: promised ${range(promised)}, found ${range(coverage)}`]),
    ...(risk.kept === undefined ? [] : [`wrong of those kept: ${beside(risk.kept, riskOfKept)}`]),
    ...(risk.all === undefined ? [] : [`wrong of all: ${beside(risk.all, riskOfAll)}`]),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function range({ share, low, high }: Range): string {
  return `${percent(share)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
}

function jsonOf(result: CertifiedStudent): CommandOutput['json'] {
  const { certified, path, ...rest } = result;
  const { found } = certified;
  return {
    certified: found !== undefined,
    statement: result.statement ?? whyNothing(result),
    certificate: path ?? null,
    threshold: found?.threshold ?? null,
    found: found ? asJson(found) : null,
    ...asJson(rest),
  };
}
