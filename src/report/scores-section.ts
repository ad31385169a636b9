/** @file A regression's answers: dots of what was right and what was said, and rows where teacher and student differ. */
import type { Evidence } from '../experiments/experiment-record.schema.js';
import { type Axis, axisOver, shareAt, short } from './axis.js';
import { exampleItem } from './example-view.js';
import { html, type Markup } from './markup.js';
import { count, decimal, significant } from './words.js';

type ScoreEvidence = NonNullable<Evidence['scores']>;
type Answers = ScoreEvidence['answers'][number];
type Furthest = ScoreEvidence['furthest'][number];

const MOST_FIGURES = 6;
const MOST_EXAMPLES = 8;
const HEIGHT = 190;
const LEFT = 12;
const TOP = 8;
const TICKS = 4;

export function scoresSections(scores: ScoreEvidence): Markup {
  const { answers, rows, arm, seed, furthest } = scores;
  const axis = axisOver(
    answers.flatMap(({ points }) => points.flat()),
    TICKS,
  );
  return html`<section aria-labelledby="scores"><h2 id="scores">Scores and predictions</h2>
<div class="plots">${answers.slice(0, MOST_FIGURES).map((one) => scatter(one, axis))}</div>
<p class="note">Each dot is a row${shownOf(answers[0]?.points.length ?? 0, rows)}: to the right its own number, upwards the
model's. On the line the two are the same.</p>
</section>${
    furthest.length > 0 &&
    html`
<section aria-labelledby="furthest"><h2 id="furthest">Where ${arm} is farthest from the teacher</h2>
<p>With seed ${seed}, of ${count(rows)} rows, the farthest first.</p>
<ul class="examples">${furthest.slice(0, MOST_EXAMPLES).map(furthestItem)}</ul>
</section>`
  }`;
}

function shownOf(shown: number, rows: number): string {
  return shown < rows ? `, ${count(shown)} of ${count(rows)} in all` : '';
}

function scatter({ by, seed, points }: Answers, axis: Axis): Markup {
  const bottom = TOP + HEIGHT;
  const right = (value: number) => `${short(100 * shareAt(axis, value))}%`;
  const up = (value: number) => `${short(100 - 100 * shareAt(axis, value))}%`;
  return html`<figure class="plot"><h3>${by}${seed !== undefined && html` <span class="soft">with seed ${seed}</span>`}</h3>
<svg class="chart" role="img" aria-label="Predictions of ${by} for ${count(points.length)} rows, against the scores" width="100%" height="${bottom + 24}">
${axis.ticks.map((tick) => {
  const y = short(bottom - HEIGHT * shareAt(axis, tick));
  return html`<line class="grid" x1="${LEFT}%" x2="100%" y1="${y}" y2="${y}"/><text class="tick left" x="${LEFT - 2}%" y="${y + 4}">${decimal(tick, axis.decimals)}</text><text class="tick" x="${short(LEFT + (100 - LEFT) * shareAt(axis, tick))}%" y="${bottom + 20}">${decimal(tick, axis.decimals)}</text>`;
})}
<svg x="${LEFT}%" y="${TOP}" width="${100 - LEFT}%" height="${HEIGHT}"><line class="teacher" x1="0" x2="100%" y1="100%" y2="0"/>${points.map(
    ([gold, said]) => html`<circle class="run" cx="${right(gold)}" cy="${up(said)}" r="2.2"/>`,
  )}</svg>
</svg></figure>`;
}

function furthestItem({ example, answers }: Furthest): Markup {
  const { score } = example;
  return exampleItem(
    example,
    [],
    score === undefined ? undefined : significant(score),
    answers.map(({ by, score: said }) => ({ by, said: significant(said) })),
  );
}
