/** @file The lines of the loss on the page, and what they are moved by. */
import { softmax } from '../../src/tensor/logits.js';
import { el } from '../element.js';
import { type LossInput, lossLines } from '../loss-lines.js';
import { slider, steps } from '../widgets/slider.js';
import { temperatureSlider } from './temperatures.js';

const START_ALPHA = 0.8;

export type LossView = { readonly element: HTMLElement; update(input: LossInput): void };

/** @param onTemperature asked to move T for the whole part */
export function lossView(start: { readonly temperature: number }, onTemperature: (value: number) => void): LossView {
  let alpha = START_ALPHA;
  let last: LossInput | undefined;
  const cells = {
    target: cell(),
    own: cell(),
    kl: cell(),
    soft: cell(),
    crossEntropy: cell(),
    hard: cell(),
    loss: cell(),
  };
  const bar = el(
    'div',
    { class: 'terms', 'aria-hidden': 'true' },
    el('span', { class: 'soft-term' }),
    el('span', { class: 'hard-term' }),
  );
  const knob = slider({
    label: 'Weight α of the teacher',
    values: steps(0, 1, 21),
    start: alpha,
    format: (value) => value.toFixed(2),
    onInput: (value) => {
      alpha = value;
      if (last !== undefined) update(last);
    },
  });
  const heat = temperatureSlider({ start: start.temperature, onInput: onTemperature });
  const line = (formula: string, says: string, value: HTMLElement, name = '') =>
    el(
      'tr',
      { class: name },
      el('th', { scope: 'row' }, el('code', {}, formula), el('span', { class: 'says' }, says)),
      value,
    );
  const label = el('b', {});
  const update = (input: LossInput): void => {
    last = input;
    heat.set(input.temperature);
    const { teacher, student, temperature } = input;
    const lines = lossLines(input, alpha);
    label.textContent = String(input.label);
    const probability = (z: readonly number[]) => (softmax(z, temperature)[input.label] ?? 0).toFixed(3);
    cells.target.textContent = probability(teacher);
    cells.own.textContent = probability(student);
    for (const name of ['kl', 'soft', 'crossEntropy', 'hard', 'loss'] as const)
      cells[name].textContent = lines[name].toFixed(4);
    const share = lines.loss > 0 ? lines.soft / lines.loss : 0;
    bar.style.setProperty('--soft-share', `${100 * share}%`);
  };
  const element = el(
    'section',
    { class: 'loss' },
    el('h2', {}, 'The loss, line by line'),
    el(
      'p',
      {},
      'What the student would be corrected by for this image, if its label is ',
      label,
      '. Move α and T: both terms move.',
    ),
    el('div', { class: 'knobs' }, knob.element, heat.element),
    bar,
    el(
      'p',
      { class: 'note keys' },
      ...[
        el('span', { class: 'key soft-term' }),
        'soft: from the teacher',
        el('span', { class: 'key hard-term' }),
        'hard: from the label',
      ],
    ),
    el(
      'div',
      { class: 'scroll' },
      el(
        'table',
        { class: 'lines' },
        el('caption', { class: 'hidden' }, 'The loss line by line'),
        el(
          'tbody',
          {},
          line('p = softmax(teacher / T)', 'the soft target; here of the label', cells.target),
          line('q = softmax(student / T)', 'the student at the same T', cells.own),
          line('KL = Σ p · log(p / q)', 'how far the student is from the teacher; 0 where they agree', cells.kl),
          line('soft = α · T² · KL', 'T² makes up for gradients that shrink with 1 / T²', cells.soft, 'soft'),
          line('CE = −log softmax(student)[y]', 'cross-entropy with the label, at T = 1', cells.crossEntropy),
          line('hard = (1 − α) · CE', 'what the label has left to say', cells.hard, 'hard'),
          line('loss = soft + hard', 'averaged over a batch, and its gradient makes one step', cells.loss, 'whole'),
        ),
      ),
    ),
  );
  return { element, update };
}

const cell = (): HTMLTableCellElement => el('td', { class: 'number' }, '–');
