/** @file A slider over a list of values, with its label and what it stands at. */
import { el, freshId } from '../element.js';

export type SliderOptions = {
  readonly label: string;
  /** The values that it can stand at, in order: an uneven scale is a list as well. */
  readonly values: readonly number[];
  /** One of `values`. */
  readonly start: number;
  /** How a value reads; a screen reader says the same. */
  readonly format: (value: number) => string;
  readonly onInput: (value: number) => void;
  /** A line below. */
  readonly hint?: string | undefined;
};

export type Slider = {
  readonly element: HTMLElement;
  value(): number;
  /** Moves it, without telling `onInput`. */
  set(value: number): void;
};

/** Evenly spaced values. */
export function steps(from: number, to: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => Number((from + ((to - from) * i) / (count - 1)).toPrecision(6)));
}

export function slider({ label, values, start, format, onInput, hint }: SliderOptions): Slider {
  const id = freshId('slider');
  const output = el('output', { for: id });
  const input = el('input', { id, type: 'range', min: 0, max: values.length - 1, step: 1 });
  const value = (): number => values[Number(input.value)] ?? start;
  const show = () => {
    const text = format(value());
    output.textContent = text;
    input.setAttribute('aria-valuetext', text);
  };
  const set = (wanted: number) => {
    input.value = String(Math.max(0, values.indexOf(wanted)));
    show();
  };
  set(start);
  input.addEventListener('input', () => {
    show();
    onInput(value());
  });
  const hintId = freshId('hint');
  if (hint !== undefined) input.setAttribute('aria-describedby', hintId);
  const element = el(
    'div',
    { class: 'slider' },
    ...[
      el('label', { for: id }, label),
      output,
      input,
      hint !== undefined && el('p', { id: hintId, class: 'note' }, hint),
    ],
  );
  return { element, value, set };
}
