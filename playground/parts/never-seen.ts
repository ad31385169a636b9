/** @file A student that never sees a digit, and learns it all the same from what a teacher says of the others. */
import { DIGITS, PIXELS } from '../../src/data/mnist-dataset.js';
import { type DigitResult, type DigitTrainer, digitTrainer, rowsWith } from '../digit-jobs.js';
import type { Digits } from '../digits.js';
import { el, freshId } from '../element.js';
import type { PartContext } from '../part.js';
import type { SavedMlp } from '../saved-mlp.js';
import { paintDigit, smallCanvas } from '../widgets/digit-pad.js';
import { lineChart, type Point } from '../widgets/line-chart.js';
import { percent } from '../widgets/probability-bars.js';
import { temperatureSlider } from './temperatures.js';

const SEED = 42;
/** 800 images are few: more epochs, in smaller batches, than the 60,000 of `retort primer` have. */
const STUDENT = { hidden: 64, epochs: 40, batchSize: 32, learningRate: 0.01, schedule: 'linear' } as const;
const TEMPERATURES = [1, 1.5, 2, 3, 4, 6, 8, 12, 20];
const START = { digit: 3, temperature: 1 };
const SHOWN = 10;
const SERIES = (digit: number) => ['of the other digits', `of the ${digit}s`];

type Run = { readonly says: string; readonly result: DigitResult };

export function neverSeenView({
  digits,
  teacher,
  say,
}: { readonly digits: Digits; readonly teacher: SavedMlp } & Pick<PartContext, 'say'>): HTMLElement {
  let digit = START.digit;
  let temperature = START.temperature;
  let isFromLabels = false;
  let isWanted = false;
  let isTraining = false;
  let runs: Run[] = [];
  let trainer: DigitTrainer | undefined;

  const place = el('div', { class: 'curve' });
  const newChart = () => {
    const chart = lineChart({
      title: 'Test images recognised after each epoch, in percent',
      series: SERIES(digit),
      xLabel: 'epoch',
      yLabel: '%',
      limits: { low: 0, high: 100 },
      xMax: STUDENT.epochs,
      format: (value) => `${value.toFixed(0)} %`,
    });
    place.replaceChildren(chart.element);
    return chart;
  };
  let chart = newChart();
  const rows = el('tbody', {});
  const failure = el('p', { class: 'failure', role: 'alert' });
  const gallery = el('ul', { class: 'gallery' });
  const button = el('button', { type: 'button', onclick: () => void want() }, 'Train');

  /** The last one wanted is trained, whatever is moved meanwhile. */
  async function want(): Promise<void> {
    isWanted = true;
    if (isTraining) return;
    isTraining = true;
    button.disabled = true;
    failure.textContent = '';
    try {
      while (isWanted) {
        isWanted = false;
        await train();
      }
    } catch (error) {
      failure.textContent = error instanceof Error ? error.message : String(error);
    }
    isTraining = false;
    button.disabled = false;
  }

  async function train(): Promise<void> {
    trainer ??= digitTrainer(digits, teacher);
    const without = digit;
    const says = isFromLabels ? 'labels alone' : `soft targets, T = ${temperature}`;
    const drawn: [Point[], Point[]] = [[], []];
    const learns = isFromLabels
      ? ({ from: 'labels' } as const)
      : ({ from: 'teacher', alpha: 1, temperature, preset: 'hinton' } as const);
    const result = await trainer.train({ ...STUDENT, seed: SEED, learns, without, hasCurve: true }, (epoch, score) => {
      drawn[0].push([epoch, 100 * (score.ofOthers ?? Number.NaN)]);
      drawn[1].push([epoch, 100 * (score.ofDigit ?? Number.NaN)]);
      if (without === digit) chart.update(drawn);
    });
    if (without !== digit) return;
    runs = [{ says, result }, ...runs.filter((run) => run.says !== says)];
    show();
    say(`${says}: ${percent(result.ofDigit ?? 0)} of the ${digit}s, ${percent(result.accuracy)} of all digits`);
  }

  function show(): void {
    rows.replaceChildren(
      ...runs.map(({ says, result: { ofDigit = 0, accuracy } }) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, says),
          el('td', { class: 'number' }, percent(ofDigit)),
          el('td', { class: 'number' }, percent(accuracy)),
        ),
      ),
    );
    table.hidden = runs.length === 0;
    const classes = runs[0]?.result.classes;
    const shown = rowsWith(digits.test.labels, (label) => label === digit).slice(0, SHOWN);
    gallery.replaceChildren(
      ...shown.map((row) => {
        const canvas = smallCanvas();
        paintDigit(canvas, digits.test.images.subarray(row * PIXELS, (row + 1) * PIXELS));
        canvas.setAttribute('aria-hidden', 'true');
        const said = classes?.[row];
        const text = said === undefined ? '–' : String(said);
        return el('li', { class: said === digit ? 'right' : '' }, canvas, el('span', {}, text));
      }),
    );
  }

  const headings = ['', 'of the digit', 'of all'].map((name) =>
    el('th', { scope: 'col', class: name && 'number' }, name || 'learnt from'),
  );
  const table = el(
    'table',
    { class: 'never-seen-runs' },
    el('caption', { class: 'hidden' }, 'Test images recognised'),
    el('thead', {}, el('tr', {}, ...headings)),
    rows,
  );
  const [digitId, sourceId] = [freshId('digit'), freshId('source')];
  const choice = el(
    'select',
    { id: digitId, onchange: () => chooseDigit(Number(choice.value)) },
    ...Array.from({ length: DIGITS }, (_, one) => el('option', { value: one, selected: one === digit }, one)),
  );
  const chooseDigit = (chosen: number) => {
    const isUnderWay = isTraining || runs.length > 0;
    digit = chosen;
    runs = [];
    chart = newChart();
    says.textContent = captionOf(digit);
    show();
    if (isUnderWay) void want();
  };
  const source = el(
    'select',
    {
      id: sourceId,
      onchange: () => {
        isFromLabels = source.value === 'labels';
        void want();
      },
    },
    el('option', { value: 'teacher' }, 'the teacher’s soft targets, no labels'),
    el('option', { value: 'labels' }, 'the labels alone'),
  );
  const says = el('p', { class: 'note' }, captionOf(digit));
  show();
  return el(
    'section',
    { class: 'never-seen' },
    el('h2', {}, 'The digit it never saw'),
    el(
      'p',
      {},
      'The teacher knows all ten digits. Its student gets the same 800 images without those of one digit, and no labels: only ',
      'what the teacher says of the other nine. Can it recognise the digit it never saw? Train at T = 1, then slide T up.',
    ),
    el(
      'div',
      { class: 'knobs' },
      el('div', { class: 'choice' }, el('label', { for: digitId }, 'Digit left out'), choice),
      el('div', { class: 'choice' }, el('label', { for: sourceId }, 'The student learns from'), source),
      temperatureSlider({
        values: TEMPERATURES,
        start: temperature,
        onInput: (value) => {
          temperature = value;
          void want();
        },
      }).element,
    ),
    el('div', { class: 'row' }, button),
    failure,
    el('div', { class: 'pair' }, place, el('div', {}, says, gallery, table)),
    el(
      'p',
      { class: 'note' },
      'A 5 or an 8 shares strokes with a 3, so the teacher’s output for “3” is higher on them than on a 0. At T = 1 these outputs ',
      'are all nearly 0 and teach nothing; at a higher T the student has to reproduce them. On all 53,869 images without a 3, ten ',
      'seeds of retort primer recognise 85 % of the 3s at T = 20, 38 % at T = 1, and none from labels.',
    ),
  );
}

const captionOf = (digit: number): string =>
  `The first ${SHOWN} test images of a ${digit}, and what the student takes them for:`;
