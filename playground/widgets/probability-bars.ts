/** @file Bars of probabilities, one for each class: a column under a short name, or a line for long ones. */
import { el, freshId, svg } from '../element.js';

export type ProbabilityBarsOptions = {
  /** What they are the probabilities of, for whoever does not see them: `teacher at T = 4`. */
  readonly label: string;
  readonly names: readonly string[];
};

export type ProbabilityBars = {
  readonly element: HTMLElement;
  /**
   * Shows these probabilities, or none.
   * @param marked the class to stress: the label
   */
  update(probabilities: readonly number[] | undefined, marked?: number, label?: string): void;
};

const HEIGHT = 72;
const WIDTH = 24;
const FOOT = 30;
/** Above these the numbers of columns would touch. */
const SHORT_NAME = 2;
const MOST_COLUMNS = 10;
const SPOKEN = 3;

/** `60 %`, `0.4 %`, `< 0.1 %`. */
export function percent(probability: number): string {
  const value = 100 * probability;
  if (value >= 9.95) return `${value.toFixed(0)} %`;
  return value >= 0.1 || value === 0 ? `${value.toFixed(1)} %` : '< 0.1 %';
}

export function probabilityBars(options: ProbabilityBarsOptions): ProbabilityBars {
  const areShort = options.names.length <= MOST_COLUMNS && options.names.every((name) => name.length <= SHORT_NAME);
  return areShort ? columns(options) : lines(options);
}

function columns({ label, names }: ProbabilityBarsOptions): ProbabilityBars {
  const [titleId, textId] = [freshId('bars'), freshId('bars')];
  const title = svg('title', { id: titleId }, label);
  const text = svg('desc', { id: textId }, 'nothing yet');
  const width = WIDTH * names.length;
  const bars = names.map((_, i) => svg('rect', { class: 'bar', x: i * WIDTH + 4, width: WIDTH - 8, rx: 2 }));
  const figures = names.map((_, i) => svg('text', { class: 'figure', x: (i + 0.5) * WIDTH, y: HEIGHT + 27 }));
  const labels = names.map((name, i) => svg('text', { class: 'class', x: (i + 0.5) * WIDTH, y: HEIGHT + 14 }, name));
  const chart = svg(
    'svg',
    {
      class: 'columns',
      role: 'img',
      viewBox: `0 0 ${width} ${HEIGHT + FOOT}`,
      'aria-labelledby': titleId,
      'aria-describedby': textId,
    },
    ...[title, text, svg('line', { class: 'base', x1: 0, x2: width, y1: HEIGHT, y2: HEIGHT })],
    ...[...bars, ...labels, ...figures],
  );
  const element = el('div', { class: 'bars' });
  element.append(chart);
  const update: ProbabilityBars['update'] = (probabilities, marked, said) => {
    if (said !== undefined) title.textContent = said;
    for (const [i, bar] of bars.entries()) {
      const probability = probabilities?.[i] ?? 0;
      const height = Math.max(probabilities === undefined ? 0 : 1, HEIGHT * probability);
      bar.setAttribute('y', String(HEIGHT - height));
      bar.setAttribute('height', String(height));
      for (const part of [bar, labels[i]]) part?.classList.toggle('marked', i === marked);
      const figure = figures[i];
      // Of a percent there is room for two digits.
      if (figure !== undefined) figure.textContent = probability >= 0.005 ? (100 * probability).toFixed(0) : '';
    }
    text.textContent = inWords(probabilities, names);
  };
  update(undefined);
  return { element, update };
}

function lines({ label, names }: ProbabilityBarsOptions): ProbabilityBars {
  const rows = names.map((name) => {
    const figure = el('td', { class: 'number' });
    return { figure, row: el('tr', {}, el('th', { scope: 'row' }, name), figure) };
  });
  const caption = el('caption', { class: 'hidden' }, label);
  const table = el('table', { class: 'bars shares' }, caption, el('tbody', {}, ...rows.map(({ row }) => row)));
  const update: ProbabilityBars['update'] = (probabilities, marked, said) => {
    if (said !== undefined) caption.textContent = said;
    for (const [i, { figure, row }] of rows.entries()) {
      const probability = probabilities?.[i];
      figure.textContent = probability === undefined ? '' : percent(probability);
      row.style.setProperty('--share', `${100 * (probability ?? 0)}%`);
      row.classList.toggle('marked', i === marked);
    }
  };
  update(undefined);
  return { element: table, update };
}

/** The most likely classes: `6 60 %, 0 39 %, 2 1.0 %`. */
function inWords(probabilities: readonly number[] | undefined, names: readonly string[]): string {
  if (probabilities === undefined) return 'nothing yet';
  const first = [...probabilities.entries()].sort((a, b) => b[1] - a[1]).slice(0, SPOKEN);
  return first.map(([i, probability]) => `${names[i]}: ${percent(probability)}`).join(', ');
}
