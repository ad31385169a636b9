/** @file What figures of intervals share: a row of a name and a value, a bar with a dot, an axis below. */
import { shortened } from '../errors/shortened.js';
import { type Axis, across, wide } from './axis.js';
import { html, type Markup } from './markup.js';
import { decimal } from './words.js';

/** Of a row: its labels, and what is drawn below them. */
export const ROW_HEIGHT = 56;
/** What a phone has room for beside the value. */
const NAME_LENGTH = 42;

/** A name at the left and a value at the right, above the marks of their row. */
export function rowLabels(name: string, value: string, top: number, isStrong: boolean): Markup {
  const strong = isStrong && ' strong';
  return html`<text class="name${strong}" x="0" y="${top + 16}">${shortened(name, NAME_LENGTH)}</text><text class="value${strong}" x="100%" y="${top + 16}">${value}</text>`;
}

export type Bar = { readonly mean: number; readonly low?: number; readonly high?: number };

/** A dot at the mean, and the interval around it if there is one. */
export function intervalBar(axis: Axis, { mean, low, high }: Bar, y: number, mark = 'mean'): Markup {
  // With few seeds an interval can reach beyond what an axis of percentages shows: it then ends there, without a cap.
  const within = (value: number) => Math.min(axis.high, Math.max(axis.low, value));
  const cap = (value: number) =>
    within(value) === value &&
    html`<line class="bar" x1="${across(axis, value)}" x2="${across(axis, value)}" y1="${y - 4}" y2="${y + 4}"/>`;
  return html`${
    low !== undefined &&
    high !== undefined &&
    html`<line class="bar" x1="${across(axis, within(low))}" x2="${across(axis, within(high))}" y1="${y}" y2="${y}"/>${cap(low)}${cap(high)}`
  }<circle class="${mark}" cx="${across(axis, mean)}" cy="${y}" r="4.5"/>`;
}

/** Faint lines upwards from each round value, and their labels below. */
export function axisTicks(axis: Axis, bottom: number, unit: string): Markup {
  return html`${axis.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${across(axis, tick)}" x2="${across(axis, tick)}" y1="20" y2="${bottom}"/><text class="tick" x="${across(axis, tick)}" y="${bottom + 16}">${decimal(tick, axis.decimals)}${unit}</text>`,
  )}`;
}

/** The stretch of an axis from one value to another, shaded. */
export function band(axis: Axis, from: number, to: number, bottom: number): Markup {
  return html`<rect class="band" x="${across(axis, from)}" width="${wide(axis, from, to)}" y="20" height="${bottom - 20}"/>`;
}
