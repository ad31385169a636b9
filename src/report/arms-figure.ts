/** @file Arms as dots: every run one, their mean and its interval below. */
import type { ExperimentRecord, RecordedArm } from '../experiments/experiment-record.schema.js';
import { across, axisOver } from './axis.js';
import { axisTicks, intervalBar, ROW_HEIGHT, rowLabels } from './interval-figure.js';
import { html, type Markup } from './markup.js';
import { counted, decimal, intervalText } from './words.js';

const TICKS = 6;
/** More dots than these are a smear; the table of runs has them all. */
const MOST_DOTS = 60;
/** Heights of the dots of successive runs above and below their line, so that equal ones stay apart. */
const SCATTER = [0, -4, 4, -2, 2];

export function armsFigure(record: ExperimentRecord): Markup {
  const { arms, headline, teacher, seeds } = record;
  const axis = axisOver(
    [
      ...arms.flatMap(({ accuracies, interval }) => [
        ...accuracies,
        ...(interval ? [interval.low, interval.high] : []),
      ]),
      ...(teacher?.accuracy === undefined ? [] : [teacher.accuracy]),
    ],
    TICKS,
    { low: 0, high: 100 },
  );
  const bottom = arms.length * ROW_HEIGHT;
  const rows = arms.map((arm, i) => {
    const top = i * ROW_HEIGHT;
    return html`
${rowLabels(arm.name, meanText(arm), top, arm.name === headline?.arm)}
${arm.accuracies
  .slice(0, MOST_DOTS)
  .map(
    (accuracy, run) =>
      html`<circle class="run" cx="${across(axis, accuracy)}" cy="${top + 30 + (SCATTER[run % SCATTER.length] ?? 0)}" r="3"><title>seed ${seeds[run]}: ${decimal(accuracy, 2)} %</title></circle>`,
  )}
${intervalBar(axis, { mean: arm.mean, ...arm.interval }, top + 43)}`;
  });
  const teacherLine =
    teacher?.accuracy !== undefined &&
    html`<line class="teacher" x1="${across(axis, teacher.accuracy)}" x2="${across(axis, teacher.accuracy)}" y1="18" y2="${bottom}"/>`;
  return html`<figure>
<svg class="chart" role="img" aria-label="Accuracy of ${counted(arms.length, 'arm')} in percent. The table below has the same numbers." width="100%" height="${bottom + 22}">
${axisTicks(axis, bottom, ' %')}
${teacherLine}
${rows}
</svg>
<figcaption>Accuracy in percent. ${legend(record)}</figcaption>
</figure>`;
}

function legend({ arms, teacher, seeds }: ExperimentRecord): Markup {
  const overRows = arms.some(({ interval }) => interval?.over === 'rows');
  return html`Each open dot is a run, ${seeds.length === 1 ? 'of one seed' : `one for each of ${seeds.length} seeds`}; the filled dot below is the mean${
    arms.some(({ interval }) => interval !== undefined) &&
    html`, its bar the 95 % interval ${overRows ? 'over the rows that were answered' : 'for the mean over all seeds'}`
  }.${
    teacher?.accuracy !== undefined &&
    html` The dashed line is the teacher, ${teacher.name}, with ${decimal(teacher.accuracy, 2)}\u00a0%.`
  }`;
}

function meanText({ mean, sd }: RecordedArm): string {
  return sd === undefined ? `${decimal(mean, 2)} %` : `${decimal(mean)} ± ${decimal(sd)} %`;
}

/** What the figure shows, in numbers. */
export function armsTable({ arms }: ExperimentRecord): Markup {
  const hasSd = arms.some(({ sd }) => sd !== undefined);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of the arms"><table>
<caption>Accuracy of each arm in percent</caption>
<thead><tr><th scope="col">Arm</th><th scope="col" class="number">Mean</th>${
    hasSd && html`<th scope="col" class="number"><abbr title="standard deviation">SD</abbr></th>`
  }<th scope="col" class="number">95 % interval</th></tr></thead>
<tbody>${arms.map(
    ({ name, description, mean, sd, interval }) => html`
<tr><th scope="row">${name}${description !== undefined && html`<span class="about">${description}</span>`}</th><td class="number">${decimal(mean, 2)}</td>${
      hasSd && html`<td class="number">${sd === undefined ? '' : decimal(sd, 2)}</td>`
    }<td class="number">${interval === undefined ? '' : intervalText(interval.low, interval.high)}</td></tr>`,
  )}</tbody>
</table></div>`;
}
