/** @file One seed after another, with a teacher and without: what the difference is, and what one seed is worth. */
import { formatCount } from '../../src/errors/number-text.js';
import { judge } from '../../src/experiments/verdict.js';
import { rowsError } from '../../src/metrics/statistics.js';
import type { DigitJob, DigitResult, DigitSource } from '../digit-jobs.js';
import { type DigitTrainer, digitTrainer } from '../digit-jobs.js';
import type { Digits } from '../digits.js';
import { el, freshId } from '../element.js';
import type { PartContext } from '../part.js';
import type { SavedMlp } from '../saved-mlp.js';
import { dotPlot } from '../widgets/dot-plot.js';
import { lineChart, type Point } from '../widgets/line-chart.js';
import { slider, steps } from '../widgets/slider.js';
import { temperatureSlider } from './temperatures.js';

/** The article's: 40 epochs of 13 steps. */
const ARTICLE = { epochs: 40, batchSize: 64, learningRate: 5e-3, schedule: 'constant' } as const;
const FIRST_SEED = 42;
const MANY = 10;
const HIDDEN = [4, 8, 16, 32];
const ARMS = ['without the teacher', 'with the teacher'] as const;

type Pair = { readonly seed: number; readonly results: readonly [plain: DigitResult, taught: DigitResult] };

export function seedsView({
  digits,
  teacher,
  say,
}: { readonly digits: Digits; readonly teacher: SavedMlp } & Pick<PartContext, 'say'>): HTMLElement {
  let [alpha, temperature] = [0.8, 20];
  let hidden = HIDDEN[0] as number;
  let pairs: Pair[] = [];
  let isStopped = true;
  let trainer: DigitTrainer | undefined;
  const points = (): string => (pairs.length === 0 ? '' : `${pairs.length} ${pairs.length === 1 ? 'seed' : 'seeds'}`);

  const curves = lineChart({
    title: 'Accuracy on 2,000 test images after each epoch, in percent',
    series: ARMS,
    xLabel: 'epoch',
    yLabel: '%',
    limits: { low: 0, high: 100 },
    xMax: ARTICLE.epochs,
    format: (value) => `${value.toFixed(1)} %`,
  });
  const dots = dotPlot({
    title: 'Difference on 10,000 test images, a dot for each seed',
    below: 'the teacher harms',
    above: 'the teacher helps',
    unit: '',
  });
  const verdict = el('p', { class: 'verdict' });
  const speed = el('p', { class: 'note', 'aria-live': 'off' });
  const failure = el('p', { class: 'failure', role: 'alert' });
  const table = el('tbody', {});
  const first = el('button', { type: 'button', onclick: () => void run(1) }, 'Train both');
  const many = el('button', { type: 'button', class: 'plain', onclick: () => void run(MANY) }, `${MANY} more seeds`);
  const stop = el(
    'button',
    {
      type: 'button',
      class: 'plain',
      disabled: true,
      onclick: () => {
        isStopped = true;
      },
    },
    'Stop',
  );

  const jobOf = (seed: number, learns: DigitSource, hasCurve: boolean): DigitJob => ({
    ...ARTICLE,
    seed,
    hidden,
    learns,
    hasCurve,
  });

  async function run(count: number): Promise<void> {
    isStopped = false;
    failure.textContent = '';
    for (const button of [first, many]) button.disabled = true;
    stop.disabled = false;
    try {
      for (let i = 0; i < count && !isStopped; i++) await runPair(count === 1);
    } catch (error) {
      failure.textContent = error instanceof Error ? error.message : String(error);
    }
    for (const button of [first, many]) button.disabled = false;
    stop.disabled = true;
    isStopped = true;
    first.textContent = 'One more seed';
    say(verdict.textContent ?? '');
  }

  async function runPair(hasCurve: boolean): Promise<void> {
    const seed = FIRST_SEED + pairs.length;
    const settings = `${alpha} ${temperature} ${hidden}`;
    const drawn: [Point[], Point[]] = [[], []];
    trainer ??= digitTrainer(digits, teacher);
    const { train: trained } = trainer;
    const train = (arm: 0 | 1, learns: DigitSource) =>
      trained(jobOf(seed, learns, hasCurve), (epoch, { accuracy }) => {
        drawn[arm].push([epoch, 100 * accuracy]);
        curves.update(drawn);
      });
    const plain = await train(0, { from: 'labels' });
    const taught = await train(1, { from: 'teacher', alpha, temperature, preset: 'primer' });
    // A slider has been moved meanwhile: it is a pair of another experiment.
    if (settings !== `${alpha} ${temperature} ${hidden}`) return;
    pairs.push({ seed, results: [plain, taught] });
    show();
    const [done, all] = [plain.steps + taught.steps, plain.seconds + taught.seconds];
    const rate = Math.round(done / (plain.stepSeconds + taught.stepSeconds));
    speed.textContent = `Seed ${seed}: both in ${all.toFixed(2)} s; ${formatCount(done)} steps, ${formatCount(rate)} steps/s${hasCurve ? ' with the evaluations between them' : ''}.`;
  }

  function show(): void {
    const scores = ARMS.map((_, arm) => pairs.map(({ results }) => 100 * (results[arm]?.accuracy ?? Number.NaN)));
    const [plain = [], taught = []] = scores;
    table.replaceChildren(
      ...pairs.map(({ seed }, i) => {
        const [without = 0, withIt = 0] = [plain[i], taught[i]];
        const cells = [without, withIt, withIt - without].map((value) =>
          el('td', { class: 'number' }, value.toFixed(1)),
        );
        return el('tr', {}, el('th', { scope: 'row' }, seed), ...cells);
      }),
    );
    heading.textContent = points();
    if (pairs.length === 0) {
      dots.update({ values: [] });
      verdict.textContent = '';
      return;
    }
    const byRow = pairs.map(({ results: [own, other] }) => differences(digits, own, other));
    const gain = judge({
      arm: 'the teacher',
      over: 'no teacher',
      scores: taught,
      otherScores: plain,
      ...(pairs.length === 1
        ? { discordant: discordant(byRow[0] as Int8Array) }
        : { rows: { count: digits.test.labels.length, error: 100 * rowsError(byRow) } }),
    });
    const { low, high } = gain;
    const values = taught.map((score, i) => score - (plain[i] as number));
    dots.update({
      values,
      mean: gain.mean,
      ...(low !== undefined && high !== undefined && { interval: { low, high } }),
    });
    verdict.textContent = gain.text;
  }

  const restart = (): void => {
    pairs = [];
    isStopped = true;
    curves.update([[], []]);
    speed.textContent = '';
    first.textContent = 'Train both';
    show();
  };
  const heading = el('summary', {}, '');
  const hiddenId = freshId('hidden');
  const width = el(
    'select',
    {
      id: hiddenId,
      onchange: () => {
        hidden = Number(width.value);
        restart();
      },
    },
    ...HIDDEN.map((units) =>
      el('option', { value: units }, units === HIDDEN[0] ? `${units}, as in the article` : units),
    ),
  );
  const details = el(
    'details',
    {},
    heading,
    el(
      'div',
      { class: 'scroll' },
      el(
        'table',
        {},
        el('caption', { class: 'hidden' }, 'Accuracy of both students by seed, in percent'),
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            ...['seed', ...ARMS, 'difference'].map((name) => el('th', { scope: 'col', class: 'number' }, name)),
          ),
        ),
        table,
      ),
    ),
  );
  show();
  return el(
    'section',
    { class: 'seeds' },
    el('h2', {}, 'What one seed is worth'),
    el(
      'p',
      {},
      'A seed decides where the weights start and in which order the images come. Both students get the same one, the ',
      'article’s settings, and nothing else differs but the teacher. Then take the next seed.',
    ),
    el(
      'div',
      { class: 'knobs' },
      slider({
        label: 'Weight α of the teacher',
        values: steps(0.1, 1, 19),
        start: alpha,
        format: (value) => value.toFixed(2),
        onInput: (value) => {
          alpha = value;
          restart();
        },
      }).element,
      temperatureSlider({
        start: temperature,
        onInput: (value) => {
          temperature = value;
          restart();
        },
      }).element,
      el('div', { class: 'choice' }, el('label', { for: hiddenId }, 'Hidden units of the students'), width),
    ),
    el('div', { class: 'row' }, first, many, stop),
    failure,
    el('div', { class: 'pair' }, curves.element, el('div', {}, dots.element, verdict, speed, details)),
  );
}

/** By test image: 1 if only the taught student is right, −1 if only the other is, else 0. */
function differences({ test: { labels } }: Digits, plain: DigitResult, taught: DigitResult): Int8Array {
  const right = ({ classes }: DigitResult, row: number) => Number(classes[row] === labels[row]);
  return Int8Array.from(labels, (_, row) => right(taught, row) - right(plain, row));
}

function discordant(of: Int8Array) {
  const count = (sign: number) => of.filter((value) => value === sign).length;
  return { onlyArm: count(1), onlyOther: count(-1), rows: of.length };
}
