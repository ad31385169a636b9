/** @file Arms as dots: every run one, their mean and its interval below. */
import type { ExperimentRecord, RecordedArm } from '../experiments/experiment-record.schema.js';
import { METRICS } from '../metrics/table.js';
import { across, axisOver } from './axis.js';
import { axisTicks, intervalBar, ROW_HEIGHT, rowLabels } from './interval-figure.js';
import { html, type Markup } from './markup.js';
import { meanAndSpread, otherMetrics } from './other-metrics.js';
import { capital, counted, decimal, namedInterval } from './words.js';

const TICKS = 6;
const INTERVALS = {
  'seeds and rows': 'for the mean over all seeds and all such rows',
  seeds: 'for the mean over all seeds, on these rows alone',
  rows: 'over all such rows',
} as const;
/** More dots than these are a smear; the table of runs has them all. */
const MOST_DOTS = 60;
/** Heights of the dots of successive runs above and below their line, so that equal ones stay apart. */
const SCATTER = [0, -4, 4, -2, 2];

export function armsFigure(record: ExperimentRecord): Markup {
  const { arms, headline, metric, teacher, seeds } = record;
  const { title, scale, unit, least } = METRICS[metric];
  const axis = axisOver(
    [
      ...arms.flatMap(({ scores, interval }) => [...scores, ...(interval ? [interval.low, interval.high] : [])]),
      ...(teacher?.score === undefined ? [] : [teacher.score]),
    ],
    TICKS,
    { low: least, high: 100 },
  );
  const bottom = arms.length * ROW_HEIGHT;
  const rows = arms.map((arm, i) => {
    const top = i * ROW_HEIGHT;
    return html`
${rowLabels(arm.name, meanText(arm, unit), top, arm.name === headline?.arm)}
${arm.scores
  .slice(0, MOST_DOTS)
  .map(
    (score, run) =>
      html`<circle class="run" cx="${across(axis, score)}" cy="${top + 30 + (SCATTER[run % SCATTER.length] ?? 0)}" r="3"><title>seed ${seeds[run]}: ${decimal(score, 2)}${unit}</title></circle>`,
  )}
${intervalBar(axis, { mean: arm.mean, ...arm.interval }, top + 43)}`;
  });
  const teacherLine =
    teacher?.score !== undefined &&
    html`<line class="teacher" x1="${across(axis, teacher.score)}" x2="${across(axis, teacher.score)}" y1="18" y2="${bottom}"/>`;
  return html`<figure>
<svg class="chart" role="img" aria-label="${capital(title)} of ${counted(arms.length, 'arm')} ${scale}. The table below has the same numbers." width="100%" height="${bottom + 22}">
${axisTicks(axis, bottom, unit)}
${teacherLine}
${rows}
</svg>
<figcaption>${capital(title)} ${scale}. ${legend(record)}</figcaption>
</figure>`;
}

function legend({ arms, metric, teacher, seeds }: ExperimentRecord): Markup {
  const [over] = arms.flatMap(({ interval }) => interval?.over ?? []);
  return html`Each open dot is a run, ${seeds.length === 1 ? 'of one seed' : `one for each of ${seeds.length} seeds`}; the filled dot below is the mean${
    over !== undefined && html`, its bar the 95 % interval ${INTERVALS[over]}`
  }.${
    teacher?.score !== undefined &&
    html` The dashed line is the teacher, ${teacher.name}, with ${decimal(teacher.score, 2)}${METRICS[metric].unit.replace(' ', '\u00a0')}.`
  }`;
}

function meanText({ mean, sd }: RecordedArm, unit: string): string {
  return sd === undefined ? `${decimal(mean, 2)}${unit}` : `${decimal(mean)} ± ${decimal(sd)}${unit}`;
}

/**
 * What the figure shows, in numbers, and the other metrics that were measured: means and standard deviations.
 * @param validated the arms with their scores on the validation split, where the others are of a test split
 */
export function armsTable({ arms, metric }: ExperimentRecord, validated?: readonly RecordedArm[]): Markup {
  const { title, scale } = METRICS[metric];
  const hasSd = arms.some(({ sd }) => sd !== undefined);
  const others = otherMetrics(arms, metric);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of the arms"><table>
<caption>${capital(title)} of each arm ${scale}</caption>
<thead><tr><th scope="col">Arm</th><th scope="col" class="number">Mean</th>${
    hasSd && html`<th scope="col" class="number"><abbr title="standard deviation">SD</abbr></th>`
  }<th scope="col" class="number">95 % interval</th>${
    validated && html`<th scope="col" class="number">Validation split</th>`
  }${others.map((name) => html`<th scope="col" class="number">${capital(METRICS[name].heading)}</th>`)}</tr></thead>
<tbody>${arms.map(
    ({ name, description, mean, sd, interval, metrics }, i) => html`
<tr><th scope="row">${name}${description !== undefined && html`<span class="about">${description}</span>`}</th><td class="number">${decimal(mean, 2)}</td>${
      hasSd && html`<td class="number">${sd === undefined ? '' : decimal(sd, 2)}</td>`
    }<td class="number">${namedInterval(interval?.low, interval?.high, interval?.over === 'seeds')}</td>${validated && html`<td class="number">${meanAndSpread(validated[i]?.scores)}</td>`}${others.map(
      (other) => html`<td class="number">${meanAndSpread(metrics?.[other])}</td>`,
    )}</tr>`,
  )}</tbody>
</table></div>`;
}
