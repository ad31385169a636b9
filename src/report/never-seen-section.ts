/** @file What opens the primer's report: students that recognise a digit which they never saw. */
import type { ExperimentRecord, NeverSeen } from '../experiments/experiment-record.schema.js';
import { exampleView } from './example-view.js';
import { html, type Markup } from './markup.js';
import {
  count,
  counted,
  decimal,
  namedInterval,
  signedPoints,
  VERDICT_LOOKS,
  verdictCell,
  verdictFigures,
  verdictSentence,
} from './words.js';

type Gain = ExperimentRecord['gains'][number];
type Figures = NeverSeen['arms'][number]['all'];

export function neverSeenTitle({ digit }: NeverSeen): string {
  return `Can a student that never saw a ${digit} recognise one?`;
}

export function neverSeenSection(found: NeverSeen): Markup {
  const { digit, images, teacher, student, seeds, headline } = found;
  const best = found.arms.find(({ name }) => name === headline.arm);
  return html`<section class="never-seen" aria-label="${neverSeenTitle(found)}">
<p>The teacher (${teacher.name}, ${count(teacher.parameters)} parameters, ${decimal(teacher.score)}\u00a0% accuracy) has seen all ten digits. The
students (${student.name}, ${count(student.parameters)} parameters) see the ${count(images.others)} training images that hold no ${digit}, and learn
from the teacher’s probabilities for those alone, without labels.${
    best &&
    html` At T\u00a0=\u00a020 they recognise ${decimal(best.digit.mean)}\u00a0% of the ${count(images.digit)} test images of a ${digit}.`
  }
What a ${digit} looks like reaches them through the small probability that the teacher gives to “${digit}” on images of other digits: larger where a
stroke is like one of a ${digit}. A high temperature makes it count.</p>
${verdict(found)}
${picture(found)}
${figuresTable(found)}
${gainsTable(found)}
<p class="note">The teacher predicts ${digit} for ${count(teacher.called)} of the ${count(images.others)} images: all that its predicted classes tell of that
digit. The intervals are over ${seeds.length === 1 ? 'the test images alone: one seed says nothing about the next' : `${counted(seeds.length, 'paired seed')} and the test images`}, and
hold for this one teacher. The claim is ${headline.arm} over ${headline.over}; the other comparisons are secondary.</p>
</section>`;
}

/** Of the claim: on all images, and on those of the digit. */
function verdict({ gains, digit }: NeverSeen): Markup | undefined {
  const [all, own] = [gains.all[0], gains.digit[0]];
  if (all === undefined || own === undefined) return undefined;
  return html`<div class="verdict ${VERDICT_LOOKS[all.verdict]}">
<p class="word">${all.verdict}</p>
<p class="sentence">${verdictSentence(all)}</p>
<p>On all test images ${verdictFigures(all)}.</p>
<p>On those of a ${digit}: ${own.verdict}, ${verdictFigures(own)}.</p>
</div>`;
}

/** The first images of the digit, as they come, and what each arm's student predicts. */
function picture({ arms, digit, examples, seeds }: NeverSeen): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Predicted classes of images of a ${digit}"><table class="seen">
<caption>The first ${count(examples.length)} test images of a ${digit}, and the digit that each student predicts (seed ${seeds[0]})</caption>
<thead><tr><th scope="col"><span class="hidden">student</span></th>${examples.map(
    ({ example }) => html`<th scope="col">${exampleView(example, [])}</th>`,
  )}</tr></thead>
<tbody>${arms.map(
    ({ name }, place) => html`
<tr><th scope="row">${name}</th>${examples.map(({ answers }) => {
      const label = answers[place]?.label;
      return html`<td class="${label === digit ? 'yes' : 'not'}">${label}</td>`;
    })}</tr>`,
  )}</tbody>
</table></div>`;
}

function figuresTable({ arms, digit }: NeverSeen): Markup {
  const cells = ({ mean, interval }: Figures) =>
    html`<td class="number">${decimal(mean)}</td><td class="number">${namedInterval(interval?.low, interval?.high, interval?.over === 'seeds') || 'none'}</td>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of the students"><table>
<caption>Accuracy in percent on all test images, and on those of a ${digit} alone</caption>
<thead><tr><th scope="col">Student learns from</th><th scope="col" class="number">All images</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">Images of a ${digit}</th><th scope="col" class="number">95 % interval</th></tr></thead>
<tbody>${arms.map(
    (arm) => html`
<tr><th scope="row">${arm.name}<span class="about">${arm.description}</span></th>${cells(arm.all)}${cells(arm.digit)}</tr>`,
  )}</tbody>
</table></div>`;
}

function gainsTable({ gains, digit, headline }: NeverSeen): Markup {
  const cells = (gain: Gain | undefined) =>
    gain &&
    html`<td class="number">${signedPoints(gain.mean)}</td><td class="number">${
      namedInterval(gain.low, gain.high, gain.fromRows === undefined) || 'none'
    }</td><td class="whole">${verdictCell(gain)}</td>`;
  const heads = html`<th scope="col" class="number">Gain</th><th scope="col" class="number">95 %</th><th scope="col">Verdict</th>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table of the gains of ${headline.arm}"><table class="dense">
<caption>Gains of ${headline.arm} in percentage points with 95 % intervals, on all test images and on those of a ${digit}</caption>
<thead><tr><th scope="col" rowspan="2">Over</th><th scope="colgroup" colspan="3" class="group">All images</th><th scope="colgroup" colspan="3" class="group">Images of a ${digit}</th></tr>
<tr>${heads}${heads}</tr></thead>
<tbody>${gains.all.map(
    (gain, place) => html`
<tr><th scope="row">${gain.over}</th>${cells(gain)}${cells(gains.digit[place])}</tr>`,
  )}</tbody>
</table></div>`;
}
