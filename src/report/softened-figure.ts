/** @file What a model says of some rows at several temperatures, as bars. */
import { shortened } from '../errors/shortened.js';
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { short } from './axis.js';
import { className, exampleView } from './example-view.js';
import { html, type Markup } from './markup.js';
import { listed, probabilityText } from './words.js';

type Softened = Evidence['softened'][number];

const MOST_EXAMPLES = 8;
/** Bars that a phone has room for; of more classes the likeliest are drawn. */
const MOST_BARS = 10;
const HEIGHT = 56;
const NAME_LENGTH = 8;
const IN_WORDS = 3;

export function softenedFigures(softened: readonly Softened[], classes: readonly string[]): Markup {
  return html`${softened.slice(0, MOST_EXAMPLES).map((one) => softenedFigure(one, classes))}`;
}

function softenedFigure({ by, example, at }: Softened, classes: readonly string[]): Markup {
  const { id, label } = example;
  const shown = likeliest(at, label);
  const right = label === undefined ? '' : `, a ${className(classes, label)}`;
  return html`<figure class="softened">
<div class="shown">${exampleView(example, classes)}<figcaption>row ${id}${right}<br><span class="soft">predicted by ${by === 'teacher' ? 'the teacher' : by}</span></figcaption></div>
<div class="temperatures">${at.map(
    ({ temperature, probabilities }) => html`<div><p class="temperature"><i>T</i> = ${temperature}</p>
<svg class="chart" role="img" aria-label="At temperature ${temperature}: ${inWords(probabilities, classes)}" width="100%" height="${HEIGHT + 18}">${shown.map(
      (index, place) => {
        const height = short(Math.max(0.5, HEIGHT * (probabilities[index] ?? 0)));
        const width = 100 / shown.length;
        const middle = `${short(width * (place + 0.5))}%`;
        const isRight = index === label && ' right';
        return html`<rect class="probability${isRight}" x="${short(width * (place + 0.12))}%" width="${short(width * 0.76)}%" y="${short(HEIGHT - height)}" height="${height}"/><text class="class${isRight}" x="${middle}" y="${HEIGHT + 14}">${shortened(classes[index] ?? String(index), NAME_LENGTH)}</text>`;
      },
    )}</svg></div>`,
  )}</div>
</figure>`;
}

/** Classes to draw, in their own order: all, or those that are likeliest at some temperature. */
function likeliest(at: Softened['at'], label: number | undefined): number[] {
  const most = new Map<number, number>();
  for (const { probabilities } of at) {
    for (const [index, probability] of probabilities.entries()) {
      most.set(index, Math.max(most.get(index) ?? 0, index === label ? 1 : probability));
    }
  }
  return [...most]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_BARS)
    .map(([index]) => index)
    .sort((a, b) => a - b);
}

function inWords(probabilities: readonly number[], classes: readonly string[]): string {
  const first = [...probabilities.entries()].sort((a, b) => b[1] - a[1]).slice(0, IN_WORDS);
  return listed(first.map(([index, probability]) => `${className(classes, index)} ${probabilityText(probability)}`));
}
