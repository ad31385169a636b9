/** @file Whether the probabilities of the student to use mean what they say, and what was proved of it. */
import type { Certificate } from '../certificates/certificate.schema.js';
import { statementOf } from '../experiments/cascade/statement.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { upperRate } from '../metrics/statistics.js';
import { type Axis, axisOver, shareAt, short } from './axis.js';
import { html, type Markup } from './markup.js';
import { capital, count, decimal } from './words.js';

type Calibration = NonNullable<ExperimentRecord['calibration']>;
type Bin = Calibration['before']['bins'][number];

const HEIGHT = 190;
const LEFT = 12;
const TOP = 8;
const WHOLE: Axis = { low: 0, high: 100, ticks: [0, 25, 50, 75, 100], decimals: 0 };

/** Reliability diagrams without the temperature and with it, and the figures beside them. */
export function calibrationSection(calibration: Calibration | undefined): Markup | undefined {
  if (calibration === undefined) return undefined;
  const { arm, before, after, fitted } = calibration;
  return html`<section aria-labelledby="calibration"><h2 id="calibration">Calibration</h2>
<p>${calibrationSentence(calibration)}</p>
<div class="plots">${diagram('At temperature 1', before.bins)}${diagram(`At temperature ${decimal(fitted, 3)}`, after.bins)}</div>
<p class="note">Rows of ${arm} by their confidence, as many in each dot: to the right the mean probability of the predicted class, upwards
the share that is right with its 95 % interval. On the line the two are the same.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Table of the calibration"><table>
<caption>On ${count(before.rows)} rows; the calibration error is without what chance alone gives</caption>
<thead><tr><th scope="col">Temperature</th><th scope="col" class="number">Calibration error</th><th scope="col" class="number">Cross-entropy</th><th scope="col" class="number">Brier score</th></tr></thead>
<tbody>${[
    { name: '1', measured: before },
    { name: decimal(fitted, 3), measured: after },
  ].map(
    ({ name, measured: { ece, nll, brier } }) =>
      html`<tr><th scope="row">${name}</th><td class="number">${decimal(100 * ece, 1)} %</td><td class="number">${decimal(nll, 3)}</td><td class="number">${decimal(brier, 3)}</td></tr>`,
  )}</tbody>
</table></div>
</section>`;
}

/** What was chosen, and why. */
export function calibrationSentence({ arm, fitted, isApplied, leftOut, data }: Calibration): string {
  const rows = `${count(data.rows)} rows of ${data.name}`;
  const change = `from ${decimal(leftOut.before, 3)} to ${decimal(leftOut.after, 3)} on rows left out of the fit`;
  return isApplied
    ? `The logits of ${arm} are divided by ${decimal(fitted, 3)} in its exports, a temperature chosen on ${rows}: the cross-entropy falls ${change}.`
    : `No temperature is applied to ${arm}: ${decimal(fitted, 3)}, fitted to ${rows}, changes the cross-entropy ${change}.`;
}

function diagram(title: string, bins: readonly Bin[]): Markup {
  const x = (value: number) => `${short(100 * value)}%`;
  const y = (value: number) => `${short(100 - 100 * value)}%`;
  const said = bins.map(
    ({ confidence, accuracy }) => `${decimal(100 * confidence, 0)} % sure, ${decimal(100 * accuracy, 0)} % right`,
  );
  return html`<figure class="plot"><h3>${title}</h3>
${framed(
  `${title}: ${said.join('; ')}`,
  WHOLE,
  WHOLE,
  html`<line class="teacher" x1="0" x2="100%" y1="100%" y2="0"/>${bins.map(
    ({ confidence, accuracy, low, high }) =>
      html`<line class="bar" x1="${x(confidence)}" x2="${x(confidence)}" y1="${y(low)}" y2="${y(high)}"/><circle class="mean" cx="${x(confidence)}" cy="${y(accuracy)}" r="3.2"/>`,
  )}`,
)}</figure>`;
}

/** A square of two axes in percent, and what is drawn in it. */
function framed(label: string, right: Axis, up: Axis, content: Markup): Markup {
  const bottom = TOP + HEIGHT;
  return html`<svg class="chart" role="img" aria-label="${label}" width="100%" height="${bottom + 24}">
${up.ticks.map((tick) => {
  const y = short(bottom - HEIGHT * shareAt(up, tick));
  return html`<line class="grid" x1="${LEFT}%" x2="100%" y1="${y}" y2="${y}"/><text class="tick left" x="${LEFT - 2}%" y="${y + 4}">${decimal(tick, up.decimals)}</text>`;
})}${right.ticks.map(
  (tick) =>
    html`<text class="tick${tick === right.high && ' end'}" x="${short(LEFT + (100 - LEFT) * shareAt(right, tick))}%" y="${bottom + 20}">${decimal(tick, right.decimals)}</text>`,
)}
<svg x="${LEFT}%" y="${TOP}" width="${100 - LEFT}%" height="${HEIGHT}">${content}</svg>
</svg>`;
}

/** What was proved of the student, and the curve of what other thresholds give. */
export function certificateSection(certificate: Certificate | undefined): Markup | undefined {
  if (certificate === undefined) return undefined;
  const { artefact, precision, temperature, question, sample, coverage, threshold, deferredLabels, date, curve } =
    certificate;
  const facts: readonly (readonly [string, string])[] = [
    ['Kept', certifiedCoverage(certificate)],
    ['Threshold', String(threshold)],
    [
      'Sample',
      `${count(sample.rows)} rows, ${count(sample.wrong)} of ${count(sample.kept)} kept ones wrong, ${count(sample.refusals)} without an answer`,
    ],
    ['Question', `${question.type} of ${count(question.criteria.length)} labels: ${question.instructions}`],
    ['Student', `${artefact.file}, ${precision}, temperature ${decimal(temperature, 3)}, SHA-256 ${artefact.sha256}`],
    ...(deferredLabels.length === 0 ? [] : [['Left to the teacher', deferredLabels.join(', ')] as const]),
    ['Date', date.slice(0, 10)],
  ];
  return html`<section aria-labelledby="certificate"><h2 id="certificate">Certificate</h2>
<p>${capital(statementOf(certificate))}</p>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${curve !== undefined && curve.length > 1 && riskFigure(curve, sample.rows, threshold, coverage.share)}
</section>`;
}

/** In a few words: how much is kept. */
export function certifiedCoverage({ coverage }: Certificate): string {
  const { share, low, high } = coverage;
  return `${decimal(100 * share, 1)} % of requests, interval ${decimal(100 * low, 1)} to ${decimal(100 * high, 1)}`;
}

type Point = NonNullable<Certificate['curve']>[number];

/** The share that is wrong of what is kept, by how much is kept, with the upper 95 % limit of each threshold alone. */
function riskFigure(curve: readonly Point[], rows: number, threshold: number, share: number): Markup {
  const points = curve
    .filter(({ kept }) => kept > 0)
    .map(({ kept, wrong, threshold: at }) => ({
      at,
      x: kept / rows,
      risk: wrong / kept,
      high: upperRate(wrong, kept, 0.05),
    }));
  const up = axisOver([0, ...points.filter(({ x }) => x >= 0.1).map(({ high }) => 100 * high)], 4, {
    low: 0,
    high: 100,
  });
  const y = (value: number) => short(100 - 100 * Math.min(1, shareAt(up, 100 * value)));
  const path = (of: (point: (typeof points)[number]) => number) =>
    points.map((point, i) => `${i === 0 ? 'M' : 'L'}${short(100 * point.x)} ${y(of(point))}`).join('');
  const own = points.find(({ at }) => at === threshold);
  const label = `Wrong of what is kept: ${own === undefined ? '' : `${decimal(100 * own.risk, 1)} % where ${decimal(100 * share, 0)} % are kept, `}${decimal(100 * (points.at(-1)?.risk ?? 0), 1)} % where all are`;
  const content = html`<svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none"><path class="line line0" d="${path(({ risk }) => risk)}"/><path class="line line1" d="${path(({ high }) => high)}"/></svg>${
    own !== undefined && html`<circle class="mean" cx="${short(100 * own.x)}%" cy="${y(own.risk)}%" r="4.5"/>`
  }`;
  return html`<figure class="plot"><h3>Risk by coverage</h3>
${framed(label, WHOLE, up, content)}
<figcaption>To the right the share of requests that the student keeps, upwards how many of these are wrong, in percent: the solid line on
the sample, the dashed one its upper 95 % limit for each threshold alone. The dot is the certified threshold.</figcaption></figure>`;
}
