/** @file Places along an axis, in percent of the width of what is drawn: text and dots then keep their size on any screen. */

export type Axis = {
  readonly low: number;
  readonly high: number;
  /** Round values within it. */
  readonly ticks: readonly number[];
  /** How many decimals the ticks need. */
  readonly decimals: number;
};

/** Room at either end for half a dot or half a label. */
const MARGIN = 3;
const EQUAL = 1e-9;

/**
 * An axis that holds all values, with about `wanted` round ticks. Values that are not finite are left out.
 * @param limits what the axis must not go beyond, as percentages have it
 */
export function axisOver(
  values: readonly number[],
  wanted: number,
  limits: { readonly low?: number; readonly high?: number } = {},
): Axis {
  const finite = values.filter(Number.isFinite);
  const smallest = finite.reduce((least, value) => Math.min(least, value), finite[0] ?? 0);
  const largest = finite.reduce((most, value) => Math.max(most, value), finite[0] ?? 1);
  // Equal values, but for rounding, stand in the middle of a short axis.
  const areEqual = largest - smallest <= EQUAL * Math.max(1, Math.abs(smallest), Math.abs(largest));
  const step = roundStep((areEqual ? 1 : largest - smallest) / wanted);
  const around = areEqual ? step : 0;
  const low = Math.max(Math.floor((smallest - around) / step) * step, limits.low ?? Number.NEGATIVE_INFINITY);
  const high = Math.min(Math.ceil((largest + around) / step) * step, limits.high ?? Number.POSITIVE_INFINITY);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push(Number((i * step).toFixed(decimals)));
  }
  return { low, high, ticks, decimals };
}

/** 1, 2 or 5 times a power of ten, at least as large as asked for. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5, 10].find((one) => one * power >= atLeast * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Share of the way from the low end to the high one, 0 … 1. */
export function shareAt({ low, high }: Axis, value: number): number {
  return (value - low) / (high - low);
}

/** The place of a value from the left, as SVG takes it. */
export function across(axis: Axis, value: number): string {
  return `${short(MARGIN + (100 - 2 * MARGIN) * shareAt(axis, value))}%`;
}

/** The distance between two values, as SVG takes it. */
export function wide(axis: Axis, from: number, to: number): string {
  return `${short((100 - 2 * MARGIN) * (shareAt(axis, to) - shareAt(axis, from)))}%`;
}

/** Enough digits for any screen. */
export function short(value: number): number {
  return Math.round(value * 100) / 100;
}
