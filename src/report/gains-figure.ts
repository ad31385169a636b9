/** @file Gains with their intervals: how far one arm is from another over the same seeds. */
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { plusMinus } from '../experiments/verdict.js';
import { DEFAULT_METRIC, type JudgedMetric, METRICS } from '../metrics/table.js';
import { across, axisOver } from './axis.js';
import { axisTicks, band, intervalBar, ROW_HEIGHT, rowLabels } from './interval-figure.js';
import { html, type Markup } from './markup.js';
import { counted, decimal, listed, namedInterval, signedPoints } from './words.js';

type RecordedGain = ExperimentRecord['gains'][number];

const TICKS = 6;
const MARKS = {
  BETTER: 'mean',
  "CAN'T TELL": 'mean open',
  'NO BETTER': 'mean open',
  'NO VERDICT': 'mean open',
} as const;

export function gainsFigure({ gains, headline, metric }: ExperimentRecord): Markup {
  const smallest = gains[0]?.smallestEffect ?? 0;
  const axis = axisOver(
    [0, smallest, ...gains.flatMap(({ mean, low = mean, high = mean }) => [mean, low, high])],
    TICKS,
  );
  const bottom = gains.length * ROW_HEIGHT - 14;
  const rows = gains.map(({ arm, over, mean, low, high, verdict }, i) => {
    const top = i * ROW_HEIGHT;
    const isHeadline = arm === headline?.arm && over === headline.over;
    const bar = { mean, ...(low !== undefined && high !== undefined && { low, high }) };
    return html`
${rowLabels(`${arm} over ${over}`, verdict, top, isHeadline)}
${intervalBar(axis, bar, top + 30, MARKS[verdict])}`;
  });
  return html`<figure>
<svg class="chart" role="img" aria-label="Gains in ${pointsOf(metric)} with their intervals. The table below has the same numbers." width="100%" height="${bottom + 22}">
${band(axis, 0, smallest, bottom)}
${axisTicks(axis, bottom, '')}
<line class="zero" x1="${across(axis, 0)}" x2="${across(axis, 0)}" y1="20" y2="${bottom}"/>
${rows}
</svg>
<figcaption>Gain in ${pointsOf(metric)}: the mean of the differences over the seeds, run by run, and its 95 % interval over seeds and rows. The heavy
line is no gain; the shaded strip ends at ${smallest} points, the smallest gain of interest. A filled dot is BETTER.</figcaption>
</figure>`;
}

export function gainsTable({ gains, metric, seeds }: ExperimentRecord): Markup {
  const hasRows = gains.some(({ mcnemar }) => mcnemar !== undefined);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of the gains"><table>
<caption>Gains in ${pointsOf(metric)} over ${counted(seeds.length, 'paired seed')}${gains[0]?.split && ` on the ${gains[0].split} split`}</caption>
<thead><tr><th scope="col">Comparison</th><th scope="col" class="number">Gain</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">from seeds</th><th scope="col" class="number">from rows</th>${
    hasRows && html`<th scope="col" class="number">McNemar’s p</th>`
  }<th scope="col">Verdict</th></tr></thead>
<tbody>${gains.map(
    (gain) => html`
<tr><th scope="row">${gain.arm} over ${gain.over}</th><td class="number">${signedPoints(gain.mean)}</td><td class="number">${
      namedInterval(gain.low, gain.high, gain.fromRows === undefined) || 'none'
    }</td><td class="number">${plusMinus(gain.fromSeeds)}</td><td class="number">${plusMinus(gain.fromRows)}</td>${hasRows && html`<td class="number">${pText(gain)}</td>`}<td>${verdictCell(gain)}</td></tr>`,
  )}</tbody>
</table></div>`;
}

/** What a gain is counted in. */
function pointsOf(metric: JudgedMetric): string {
  const { title, unit } = METRICS[metric];
  if (metric === DEFAULT_METRIC) return 'percentage points';
  return unit === '' ? `points (${title} times 100)` : `percentage points of ${title}`;
}

function pText({ mcnemar }: RecordedGain): string {
  if (mcnemar === undefined) return '';
  return mcnemar.p < 0.001 ? '< 0.001' : decimal(mcnemar.p, 3);
}

function verdictCell({ verdict, small, worse, rowsToDecide, seedsToDecide }: RecordedGain): Markup {
  const remark = small ? 'but small' : worse && 'worse';
  const needed = [
    ...(rowsToDecide === undefined ? [] : [counted(rowsToDecide, 'row')]),
    ...(seedsToDecide === undefined ? [] : [counted(seedsToDecide, 'seed')]),
  ];
  const more = needed.length > 0 && `about ${listed(needed)} would`;
  return html`<span class="whole">${verdict}</span>${(remark || more) && html`<span class="about">${remark || more}</span>`}`;
}
