/** @file Rows that one arm predicts right and another wrong, with what each model says of them. */
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { breakable, className } from './class-name.js';
import { exampleItem } from './example-view.js';
import { html, type Markup } from './markup.js';
import { count, probabilityText } from './words.js';

const MOST_PAIRS = 3;
const MOST_EXAMPLES = 8;

export function onlyRightSections({ onlyRight, classes }: Evidence): Markup {
  return html`${onlyRight.slice(0, MOST_PAIRS).map(
    ({ arm, over, seed, onlyArm, onlyOther, rows, examples }, i) => html`
<section aria-labelledby="only-right-${i}"><h2 id="only-right-${i}">Right only with ${arm}</h2>
<p>With seed ${seed}, ${arm} predicts ${count(onlyArm)} of ${count(rows)} rows right that ${over} gets wrong; the converse holds for
${count(onlyOther)}.${examples.length > 0 && ' Some of the first kind:'}</p>
${examples.length > 0 && html`<ul class="examples">${examples.slice(0, MOST_EXAMPLES).map((one) => onlyRightItem(one, classes))}</ul>`}
</section>`,
  )}`;
}

type OnlyRightExample = Evidence['onlyRight'][number]['examples'][number];

function onlyRightItem({ example, answers }: OnlyRightExample, classes: readonly string[]): Markup {
  const { label } = example;
  const name = (index: number) => breakable(className(classes, index));
  const shown = answers.map(({ by, label: said, ...answer }) => {
    const probability = answer.probability ?? answer.probabilities?.[said];
    return {
      by,
      said: name(said),
      more: probability === undefined ? undefined : probabilityText(probability),
      isRight: label === undefined ? undefined : said === label,
    };
  });
  return exampleItem(example, classes, label === undefined ? undefined : name(label), shown);
}
