/** @file Which classes are taken for which: a table, or for many classes the pairs that are confused most. */
import { shortened } from '../errors/shortened.js';
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { html, type Markup } from './markup.js';
import { count } from './words.js';

type Confusion = Evidence['confusion'][number];

/** A table of more does not fit a page. */
const MOST_CLASSES = 16;
const MOST_PAIRS = 15;
const CLASS_LENGTH = 12;

export function confusionTable({ by, seed, counts }: Confusion, classes: readonly string[]): Markup {
  const who = html`${by}${seed !== undefined && html` <span class="soft">with seed ${seed}</span>`}`;
  return counts.length > MOST_CLASSES ? pairsTable(counts, classes, who) : fullTable(counts, classes, who);
}

type Counts = Confusion['counts'];

function fullTable(counts: Counts, classes: readonly string[], who: Markup): Markup {
  const name = (index: number) => shortened(classes[index] ?? String(index), CLASS_LENGTH);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix"><table class="confusion">
<caption>${who}</caption>
<thead><tr><th scope="col"><span class="hidden">right class, then predicted class</span></th>${counts.map((_, i) => html`<th scope="col">${name(i)}</th>`)}</tr></thead>
<tbody>${counts.map((row, gold) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    return html`
<tr><th scope="row">${name(gold)}</th>${row.map((value, predicted) => cell(value, total, gold === predicted))}</tr>`;
  })}</tbody>
</table></div>`;
}

/** Shaded by the square root of its share, so that what is confused shows beside what is right. */
function cell(value: number, total: number, isRight: boolean): Markup {
  const shade = total === 0 ? 0 : Math.round(100 * Math.sqrt(value / total)) / 100;
  return html`<td class="${isRight ? 'right' : 'wrong'}${value === 0 && ' none'}" style="--shade:${shade}">${value}</td>`;
}

function pairsTable(counts: Counts, classes: readonly string[], who: Markup): Markup {
  const pairs = counts
    .flatMap((row, gold) => row.map((value, predicted) => ({ value, gold, predicted })))
    .filter(({ value, gold, predicted }) => value > 0 && gold !== predicted)
    .sort((a, b) => b.value - a.value);
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const rows = counts.reduce((sum, row) => sum + row.reduce((inner, value) => inner + value, 0), 0);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Classes confused most"><table>
<caption>${who}: ${count(right)} of ${count(rows)} rows right; the pairs confused most of ${counts.length} classes</caption>
<thead><tr><th scope="col">Right class</th><th scope="col">Predicted</th><th scope="col" class="number">Rows</th></tr></thead>
<tbody>${pairs
    .slice(0, MOST_PAIRS)
    .map(
      ({ value, gold, predicted }) =>
        html`<tr><th scope="row">${classes[gold] ?? gold}</th><td>${classes[predicted] ?? predicted}</td><td class="number">${count(value)}</td></tr>`,
    )}</tbody>
</table></div>`;
}
