/** @file Training curves: the loss and its terms, and the experiment's metric where it was measured. */
import type { RecordedArm } from '../experiments/experiment-record.schema.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import { type Axis, axisOver, shareAt, short } from './axis.js';
import { html, type Markup } from './markup.js';
import { capital, count, decimal, significant } from './words.js';

type Curve = NonNullable<RecordedArm['curve']>;

type Series = { readonly name: string; readonly points: readonly { readonly step: number; readonly value: number }[] };

/** More than a screen resolves. */
const MOST_POINTS = 100;
/** Lines that can be told apart by their dashes; what an arm has beyond them is in its record alone. */
const MOST_SERIES = 5;
const HEIGHT = 150;
const LEFT = 12;
const TOP = 8;
const TICKS = 3;

/** Curves of the arms that kept them, each on a scale of its own: losses of different methods can't be compared. */
export function curveFigures(
  arms: readonly RecordedArm[],
  metric: JudgedMetric,
  seed: number | undefined,
): Markup | undefined {
  const kept = arms.filter(({ curve }) => curve !== undefined && curve.length > 1);
  if (kept.length === 0) return undefined;
  return html`<div class="plots">${kept.map(({ name, curve = [] }) => armCurves(name, curve, metric))}</div>
<p class="note">Means over the steps since the point before, of the runs with seed ${seed}. Every plot has a scale of its own: losses
of different methods measure different things.</p>`;
}

function armCurves(name: string, curve: Curve, metric: JudgedMetric): Markup {
  const { title, scale } = METRICS[metric];
  const losses = lossSeries(curve);
  const scores = scoreSeries(curve, metric);
  return html`<figure class="plot"><h3>${name}</h3>
${plot(`Loss of ${name}`, losses, { from: 0 })}
${scores !== undefined && plot(`${capital(title)} of ${name} ${scale}`, [scores], { high: 100 })}
</figure>`;
}

/** The loss, and its terms where it has more than one. */
function lossSeries(curve: Curve): Series[] {
  const points = thinned(curve);
  const terms = [...new Set(curve.flatMap(({ losses }) => Object.keys(losses)))].slice(0, MOST_SERIES - 1);
  const total: Series = { name: 'loss', points: points.map(({ step, loss }) => ({ step, value: loss })) };
  if (terms.length <= 1) return [terms[0] === undefined ? total : { ...total, name: `loss: ${terms[0]}` }];
  return [
    total,
    ...terms.map((name) => ({
      name,
      points: points.map(({ step, losses }) => ({ step, value: losses[name] ?? Number.NaN })),
    })),
  ];
}

function scoreSeries(curve: Curve, metric: JudgedMetric): Series | undefined {
  const points = thinned(curve).flatMap(({ step, metrics: { [metric]: value } }) =>
    value === undefined ? [] : [{ step, value: 100 * value }],
  );
  return points.length > 1 ? { name: METRICS[metric].heading, points } : undefined;
}

/** Evenly chosen, the last always among them. */
function thinned(curve: Curve): Curve {
  const stride = Math.ceil(curve.length / MOST_POINTS);
  return curve.filter((_, i) => (curve.length - 1 - i) % stride === 0);
}

function plot(
  label: string,
  series: readonly Series[],
  range: { readonly from?: number; readonly high?: number },
): Markup {
  const points = series.flatMap((one) => one.points);
  const values = points.map(({ value }) => value);
  const vertical = axisOver([range.from ?? Number.NaN, ...values], TICKS, range);
  const steps = points.map(({ step }) => step);
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const horizontal: Axis = { low: first, high: Math.max(last, first + 1), ticks: [], decimals: 0 };
  const bottom = TOP + HEIGHT;
  const height = (value: number) => short(bottom - HEIGHT * shareAt(vertical, value));
  return html`<svg class="chart" role="img" aria-label="${label}: ${inWords(series)}" width="100%" height="${bottom + 20}">
${vertical.ticks.map(
  (tick) =>
    html`<line class="grid" x1="${LEFT}%" x2="100%" y1="${height(tick)}" y2="${height(tick)}"/><text class="tick left" x="${LEFT - 2}%" y="${height(tick) + 4}">${decimal(tick, vertical.decimals)}</text>`,
)}
<svg x="${LEFT}%" y="${TOP}" width="${100 - LEFT}%" height="${HEIGHT}" viewBox="0 0 100 100" preserveAspectRatio="none">
${series.map((one, i) => html`<path class="line line${i}" d="${pathOf(one, horizontal, vertical)}"/>`)}
</svg>
<text class="tick start" x="${LEFT}%" y="${bottom + 15}">step ${count(first)}</text><text class="tick end" x="100%" y="${bottom + 15}">${count(last)}</text>
</svg>
<ul class="legend">${series.map(
    ({ name, points: own }, i) =>
      html`<li><svg width="26" height="8" aria-hidden="true"><line class="line line${i}" x1="0" x2="26" y1="4" y2="4"/></svg>${name}<span class="soft"> ${significant(own.at(-1)?.value ?? Number.NaN)}</span></li>`,
  )}</ul>`;
}

function inWords(series: readonly Series[]): string {
  return series
    .map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) return name;
      return `${name} from ${significant(first.value)} at step ${first.step} to ${significant(last.value)} at step ${last.step}`;
    })
    .join('; ');
}

/** Broken where a value is not finite. */
function pathOf({ points }: Series, horizontal: Axis, vertical: Axis): string {
  let isDrawing = false;
  return points
    .map(({ step, value }) => {
      if (!Number.isFinite(value)) {
        isDrawing = false;
        return '';
      }
      const move = isDrawing ? 'L' : 'M';
      isDrawing = true;
      return `${move}${short(100 * shareAt(horizontal, step))} ${short(100 - 100 * shareAt(vertical, value))}`;
    })
    .join('');
}
