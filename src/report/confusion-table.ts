/** @file Which classes are taken for which: a table, or for many classes the pairs that are confused most. */
import { shortened } from '../errors/shortened.js';
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { breakable, className } from './class-name.js';
import { type Content, html, type Markup } from './markup.js';
import { capital, count } from './words.js';

type Confusion = Evidence['confusion'][number];

/** A table of more does not fit a page. */
export const MOST_CLASSES = 16;
const MOST_PAIRS = 15;
const CLASS_LENGTH = 16;
/** Names that fit above a column of counts; longer ones are turned, unless there are only so many columns. */
const NARROW = 3;
const WIDE_COLUMNS = 2;

/** What the lines of a table are, and what rows on its diagonal are. */
type Truth = { readonly line: string; readonly onDiagonal: string };
export const BY_LABEL: Truth = { line: 'right class', onDiagonal: 'right' };
/** Of rows without labels. */
export const BY_TEACHER: Truth = { line: 'class by the teacher', onDiagonal: 'as the teacher' };

export function confusionTable({ by, seed, counts }: Confusion, classes: readonly string[], truth: Truth): Markup {
  const who = html`${by}${seed !== undefined && html` <span class="soft">with seed ${seed}</span>`}`;
  return counts.length > MOST_CLASSES
    ? pairsTable(counts, classes, who, truth)
    : fullTable(counts, classes, who, truth);
}

type Counts = Confusion['counts'];

function fullTable(counts: Counts, classes: readonly string[], who: Markup, { line }: Truth): Markup {
  const isTurned = counts.length > WIDE_COLUMNS && counts.some((_, i) => (classes[i] ?? String(i)).length > NARROW);
  const column = (index: number) =>
    isTurned ? html`<span class="turned">${name(index, classes)}</span>` : name(index, classes);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix"><table class="confusion">
<caption>${who}</caption>
<thead><tr><th scope="col"><span class="hidden">${line}, then predicted class</span></th>${counts.map((_, i) => html`<th scope="col">${column(i)}</th>`)}</tr></thead>
<tbody>${counts.map((row, gold) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    return html`
<tr><th scope="row">${name(gold, classes)}</th>${row.map((value, predicted) => cell(value, total, gold === predicted))}</tr>`;
  })}</tbody>
</table></div>`;
}

/** Short enough for a matrix; the whole name is told when it is pointed at. */
function name(index: number, classes: readonly string[]): Content {
  const whole = classes[index] ?? String(index);
  const short = shortened(whole, CLASS_LENGTH);
  return short === whole ? whole : html`<abbr title="${whole}">${short}</abbr>`;
}

/** Shaded by the square root of its share, so that what is confused shows beside what is right. */
function cell(value: number, total: number, isRight: boolean): Markup {
  const shade = total === 0 ? 0 : Math.round(100 * Math.sqrt(value / total)) / 100;
  return html`<td class="${isRight ? 'right' : 'wrong'}${value === 0 && ' none'}" style="--shade:${shade}">${value}</td>`;
}

function pairsTable(counts: Counts, classes: readonly string[], who: Markup, truth: Truth): Markup {
  const pairs = counts
    .flatMap((row, gold) => row.map((value, predicted) => ({ value, gold, predicted })))
    .filter(({ value, gold, predicted }) => value > 0 && gold !== predicted)
    .sort((a, b) => b.value - a.value);
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const rows = counts.reduce((sum, row) => sum + row.reduce((inner, value) => inner + value, 0), 0);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Classes confused most"><table class="confused">
<caption>${who}: ${count(right)} of ${count(rows)} rows ${truth.onDiagonal}; the pairs confused most of ${counts.length} classes</caption>
<thead><tr><th scope="col">${capital(truth.line)}</th><th scope="col">Predicted</th><th scope="col" class="number">Rows</th></tr></thead>
<tbody>${pairs
    .slice(0, MOST_PAIRS)
    .map(
      ({ value, gold, predicted }) =>
        html`<tr><th scope="row">${breakable(className(classes, gold))}</th><td>${breakable(className(classes, predicted))}</td><td class="number">${count(value)}</td></tr>`,
    )}</tbody>
</table></div>`;
}
