/** @file What a model says of some rows at several temperatures: columns for classes with short names, else a table. */
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { short } from './axis.js';
import { breakable, className } from './class-name.js';
import { exampleView, viewKind } from './example-view.js';
import { html, type Markup } from './markup.js';
import { count, counted, listed, probabilityText } from './words.js';

type Softened = Evidence['softened'][number];

const MOST_EXAMPLES = 8;
/** Columns that a phone has room for beside each other, and characters below one. */
const MOST_COLUMNS = 10;
const COLUMN_LETTERS = 2;
/** Of more classes the most likely have a line, the others one together. */
const MOST_LINES = 7;
const HEIGHT = 56;
const IN_WORDS = 3;

export function softenedFigures(softened: readonly Softened[], classes: readonly string[]): Markup {
  const areShort = classes.length <= MOST_COLUMNS && classes.every((name) => name.length <= COLUMN_LETTERS);
  return html`${softened.slice(0, MOST_EXAMPLES).map((one) => softenedFigure(one, classes, areShort ? columns : lines))}`;
}

type Drawing = (softened: Softened, classes: readonly string[]) => Markup;

function softenedFigure(softened: Softened, classes: readonly string[], draw: Drawing): Markup {
  const { by, example } = softened;
  const { id, label } = example;
  return html`<figure class="softened ${viewKind(example)}">
<div class="shown">${exampleView(example, classes)}<figcaption>row ${id}${label !== undefined && html`: <b>${breakable(className(classes, label))}</b>`}<br><span class="soft">predicted by ${by === 'teacher' ? 'the teacher' : by}</span></figcaption></div>
${draw(softened, classes)}
</figure>`;
}

function columns({ example, at }: Softened, classes: readonly string[]): Markup {
  const shown = classes.map((_, index) => index);
  return html`<div class="temperatures">${at.map(
    ({ temperature, probabilities }) => html`<div><p class="temperature"><i>T</i> = ${temperature}</p>
<svg class="chart" role="img" aria-label="At temperature ${temperature}: ${inWords(probabilities, classes)}" width="100%" height="${HEIGHT + 18}">${shown.map(
      (index, place) => {
        const height = short(Math.max(0.5, HEIGHT * (probabilities[index] ?? 0)));
        const width = 100 / shown.length;
        const middle = `${short(width * (place + 0.5))}%`;
        const isRight = index === example.label && ' right';
        return html`<rect class="probability${isRight}" x="${short(width * (place + 0.12))}%" width="${short(width * 0.76)}%" y="${short(HEIGHT - height)}" height="${height}"/><text class="class${isRight}" x="${middle}" y="${HEIGHT + 14}">${className(classes, index)}</text>`;
      },
    )}</svg></div>`,
  )}</div>`;
}

/** A line for each class, a bar in it for each temperature, and its number. */
function lines({ example, at }: Softened, classes: readonly string[]): Markup {
  const shown = mostLikely(at, example.label);
  const others = classes.length - shown.length;
  const rest = at.map(({ probabilities }) => 1 - shown.reduce((sum, index) => sum + (probabilities[index] ?? 0), 0));
  return html`<table class="shares">
<caption class="hidden">Probabilities of row ${example.id} at ${counted(at.length, 'temperature')}</caption>
<thead><tr><th scope="col">Class</th>${at.map(({ temperature }) => html`<th scope="col"><i>T</i> = ${temperature}</th>`)}</tr></thead>
<tbody>${shown.map(
    (index) => html`
<tr${index === example.label && html` class="right"`}><th scope="row">${breakable(className(classes, index))}</th>${at.map(({ probabilities }) => share(probabilities[index] ?? 0))}</tr>`,
  )}${
    others > 0 &&
    html`
<tr class="others"><th scope="row">${count(others)} others</th>${rest.map((sum) => share(Math.max(0, sum)))}</tr>`
  }</tbody>
</table>`;
}

function share(probability: number): Markup {
  return html`<td style="--share:${short(100 * probability)}%">${probabilityText(probability)}</td>`;
}

/** Classes to draw, the most likely first: all, or those that are it at the lowest temperature, and the right one. */
function mostLikely(at: Softened['at'], label: number | undefined): number[] {
  const [{ probabilities = [] } = {}] = at;
  const order = [...probabilities.keys()].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  // A line for all that is left is worth it for two classes or more.
  const shown = order.slice(0, order.length <= MOST_LINES + 1 ? order.length : MOST_LINES);
  const isLeftOut = label !== undefined && label < probabilities.length && !shown.includes(label);
  return isLeftOut ? [...shown.slice(0, -1), label] : shown;
}

function inWords(probabilities: readonly number[], classes: readonly string[]): string {
  const first = [...probabilities.entries()].sort((a, b) => b[1] - a[1]).slice(0, IN_WORDS);
  return listed(first.map(([index, probability]) => `${className(classes, index)} ${probabilityText(probability)}`));
}
