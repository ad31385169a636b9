/** @file Differences, a dot for each seed, with their mean and its interval. */
import { across, axisOver } from '../../src/report/axis.js';
import { el, freshId, svg } from '../element.js';

export type DotPlotOptions = {
  readonly title: string;
  /** Below the axis: what a dot on either side of 0 means. */
  readonly below: string;
  readonly above: string;
  /** Behind every number. */
  readonly unit: string;
};

export type Dots = {
  readonly values: readonly number[];
  /** The newest is stressed. */
  readonly mean?: number;
  /** Not known of one value. */
  readonly interval?: { readonly low: number; readonly high: number };
};

export type DotPlot = { readonly element: HTMLElement; update(dots: Dots): void };

/** Places across are shares of the width: text and dots keep their size on any screen. */
const HEIGHT = 150;
const [DOTS, BAR, AXIS] = [62, 88, 108];
const [RADIUS, LEVEL] = [5, 10];
/** Percent of the width that a dot takes on a phone. */
const NEAR = 3;

export function dotPlot({ title, below, above, unit }: DotPlotOptions): DotPlot {
  const [titleId, textId] = [freshId('dots'), freshId('dots')];
  const text = svg('desc', { id: textId }, 'no seeds yet');
  const drawn = svg('g');
  const chart = svg(
    'svg',
    {
      class: 'chart dots',
      role: 'img',
      height: HEIGHT,
      'aria-labelledby': titleId,
      'aria-describedby': textId,
    },
    ...[svg('title', { id: titleId }, title), text, drawn],
  );
  const element = el('figure', { class: 'differences' }, el('figcaption', {}, title), chart);
  const signed = (value: number): string =>
    `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}${unit}`;
  const update: DotPlot['update'] = ({ values, mean, interval }) => {
    const ends = interval === undefined ? [] : [interval.low, interval.high];
    const axis = axisOver([-1, 1, ...values, ...ends.filter((end) => Math.abs(end) <= MOST * spread(values))], 6);
    const within = (value: number) => Math.min(axis.high, Math.max(axis.low, value));
    const x = (value: number) => across(axis, within(value));
    drawn.replaceChildren(
      ...axis.ticks.flatMap((tick) => [
        svg('line', { class: tick === 0 ? 'zero' : 'grid', x1: x(tick), x2: x(tick), y1: 8, y2: AXIS }),
        svg('text', { class: 'tick', x: x(tick), y: AXIS + 15 }, signed(tick).replace('.0', '')),
      ]),
      svg('text', { class: 'side left', x: x(0), dx: -8, y: HEIGHT - 6 }, `← ${below}`),
      svg('text', { class: 'side', x: x(0), dx: 8, y: HEIGHT - 6 }, `${above} →`),
      ...stacked(values.map(x)).map(([cx, level], i) =>
        svg('circle', {
          class: i === values.length - 1 ? 'run newest' : 'run',
          cx,
          cy: DOTS - level * LEVEL,
          r: RADIUS,
        }),
      ),
    );
    if (interval !== undefined) {
      const [low, high] = [x(interval.low), x(interval.high)];
      drawn.append(svg('line', { class: 'interval', x1: low, x2: high, y1: BAR, y2: BAR }));
      for (const [value, at] of [
        [interval.low, low],
        [interval.high, high],
      ] as const) {
        if (within(value) === value)
          drawn.append(svg('line', { class: 'interval', x1: at, x2: at, y1: BAR - 5, y2: BAR + 5 }));
      }
    }
    if (mean !== undefined) drawn.append(svg('circle', { class: 'mean', cx: x(mean), cy: BAR, r: RADIUS }));
    const told =
      interval && `, mean ${signed(mean ?? 0)}, 95 % interval ${signed(interval.low)} to ${signed(interval.high)}`;
    text.textContent = values.length === 0 ? 'no seeds yet' : `${values.map(signed).join(', ')}${told ?? ''}`;
  };
  update({ values: [] });
  return { element, update };
}

/** An interval over two seeds may be a hundred times as wide as they lie apart: what is beyond this many is cut off. */
const MOST = 2.5;
const spread = (values: readonly number[]): number => Math.max(1, ...values.map(Math.abs));

/** Dots that would cover each other stand on each other. */
function stacked(places: readonly string[]): (readonly [x: string, level: number])[] {
  const placed: [string, number][] = [];
  for (const x of places) {
    let level = 0;
    while (
      placed.some(([other, at]) => at === level && Math.abs(Number.parseFloat(other) - Number.parseFloat(x)) < NEAR)
    )
      level += 1;
    placed.push([x, level]);
  }
  return placed;
}
