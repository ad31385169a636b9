/** @file The primer, live: a digit, what three models predict for it at a temperature, and the loss line by line. */
import { DIGITS, PIXELS } from '../../src/data/mnist-dataset.js';
import { formatCount } from '../../src/errors/number-text.js';
import { argmax, softmax } from '../../src/tensor/logits.js';
import { type Digits, loadDigits } from '../digits.js';
import { el } from '../element.js';
import type { PartContext } from '../part.js';
import { loadMlp, logitsOf, type SavedMlp } from '../saved-mlp.js';
import { digitPad } from '../widgets/digit-pad.js';
import { percent, probabilityBars } from '../widgets/probability-bars.js';
import { lossView } from './primer-loss.js';
import { temperatureSlider } from './temperatures.js';

const NAMES = Array.from({ length: DIGITS }, (_, digit) => String(digit));
const START_TEMPERATURE = 4;
/** The six of docs/primer.md: the teacher takes it for a 0 nearly as often. */
const FIRST_IMAGE = 817;

const MODELS = [
  { name: 'teacher', title: 'Teacher', says: 'learnt from 60,000 images' },
  { name: 'small', title: 'Small model', says: 'learnt from 800 images and their labels' },
  { name: 'student', title: 'Student', says: 'as small, learnt from the teacher on the same 800' },
] as const;
type Name = (typeof MODELS)[number]['name'];

export async function mount(element: HTMLElement, context: PartContext): Promise<void> {
  const held = context.folder?.holds.primer;
  const folderOf = (name: Name) => (held === undefined ? `models/${name}` : `folder/${held[name]}`);
  const models = new Map<Name, SavedMlp>();
  for (const { name } of MODELS) models.set(name, await loadMlp(context, folderOf(name)));

  let temperature = START_TEMPERATURE;
  let pixels: Uint8Array | undefined;
  let label: number | undefined;
  let digits: Digits | undefined;
  let row = FIRST_IMAGE;

  const cards = MODELS.map(({ name, title, says }) => {
    const bars = probabilityBars({ label: title, names: NAMES });
    const answer = el('p', { class: 'answer' }, '–');
    const { parameters = 0, config } = models.get(name) ?? {};
    const size = `${config?.inputs}-${config?.hidden.join('-')}-${config?.classes}, ${formatCount(parameters)} parameters`;
    const card = el(
      'section',
      { class: 'card' },
      ...[
        el('h3', {}, title),
        el('p', { class: 'note' }, `${size}; ${held === undefined ? says : 'yours'}`),
        answer,
        bars.element,
      ],
    );
    return { name, title, bars, answer, card };
  });

  const loss = lossView({ temperature }, (value) => setTemperature(value));
  const known = el('p', { class: 'note' }, 'Loading the test images …');

  const update = (): void => {
    if (pixels === undefined) return;
    const image = pixels;
    const logits = new Map<Name, readonly number[]>();
    for (const { name, title, bars, answer } of cards) {
      const model = models.get(name);
      if (model === undefined) continue;
      const z = logitsOf(model, image);
      logits.set(name, z);
      const [digit, soft] = [argmax(z), softmax(z, temperature)];
      answer.textContent = `${digit}`;
      answer.setAttribute('aria-label', `${title} predicts ${digit}, with ${percent(softmax(z)[digit] ?? 0)} at T = 1`);
      bars.update(soft, label, `${title}: probabilities at T = ${temperature}`);
    }
    // Whoever draws knows what it is to be; until they say so, it is what the teacher sees.
    const target = label ?? argmax(logits.get('teacher') ?? []);
    loss.update({
      teacher: logits.get('teacher') ?? [],
      student: logits.get('student') ?? [],
      label: target,
      temperature,
    });
  };

  const knobs = temperatureSlider({
    start: temperature,
    onInput: (value) => setTemperature(value),
    hint: 'Each model’s outputs are divided by T before the softmax. At T = 1 they are its usual probabilities.',
  });
  const setTemperature = (value: number): void => {
    temperature = value;
    knobs.set(value);
    update();
  };

  const pad = digitPad((drawn) => {
    pixels = drawn;
    label = undefined;
    known.textContent = 'Your drawing, scaled and centred as the training images are.';
    update();
  });
  const showRow = (): void => {
    if (digits === undefined) return;
    const { images, labels } = digits.test;
    pixels = images.subarray(row * PIXELS, (row + 1) * PIXELS);
    label = labels[row];
    pad.show(pixels);
    known.textContent = `Test image ${formatCount(row + 1)} of ${formatCount(labels.length)}. Its label is ${label}.`;
    update();
  };
  const step = (by: number) => () => {
    const count = digits?.test.labels.length ?? 1;
    row = (row + by + count) % count;
    showRow();
    context.say(`${known.textContent} ${cards.map(({ answer }) => answer.getAttribute('aria-label')).join('. ')}`);
  };
  const clear = (): void => {
    pad.clear();
    pixels = undefined;
    label = undefined;
    known.textContent = 'Draw a digit.';
    for (const { bars, answer } of cards) {
      bars.update(undefined);
      answer.textContent = '–';
      answer.removeAttribute('aria-label');
    }
  };

  element.append(
    el(
      'p',
      {},
      'Three models read the same digit. Draw one, or step through the test images; then move T and watch what a ',
      el('em', {}, 'soft target'),
      ' is: not only which digit the teacher sees, but which others it could be.',
    ),
    el(
      'div',
      { class: 'live' },
      el(
        'div',
        { class: 'input' },
        pad.element,
        known,
        el(
          'div',
          { class: 'row' },
          el('button', { type: 'button', class: 'plain', onclick: step(-1), 'aria-label': 'Previous test image' }, '←'),
          el('button', { type: 'button', class: 'plain', onclick: step(1) }, 'Next test image →'),
          el('button', { type: 'button', class: 'plain', onclick: clear }, 'Clear'),
        ),
      ),
      el('div', { class: 'answers' }, knobs.element, el('div', { class: 'cards' }, ...cards.map(({ card }) => card))),
    ),
    loss.element,
  );
  digits = await loadDigits(context);
  if (pixels === undefined) showRow();
}
