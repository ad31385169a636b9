/** @file Curves that grow while something is trained. */
import { type Axis, axisOver, shareAt, short } from '../../src/report/axis.js';
import { el, freshId, svg } from '../element.js';

export type LineChartOptions = {
  readonly title: string;
  /** Names of the curves, in the order of their colours. */
  readonly series: readonly string[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** What the vertical axis must not go beyond. */
  readonly limits?: { readonly low?: number; readonly high?: number };
  /** The right end, where it is known before. */
  readonly xMax?: number;
  /** How a value reads. */
  readonly format: (value: number) => string;
};

export type Point = readonly [x: number, y: number];

export type LineChart = {
  readonly element: HTMLElement;
  /** Draws these points, a list for each curve. */
  update(points: readonly (readonly Point[])[], xMax?: number): void;
};

const [WIDTH, HEIGHT] = [440, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 8, 34];

export function lineChart({ title, series, xLabel, yLabel, limits, format, ...fixed }: LineChartOptions): LineChart {
  const [titleId, textId] = [freshId('chart'), freshId('chart')];
  const text = svg('desc', { id: textId }, 'no points yet');
  const grid = svg('g');
  const paths = series.map((_, i) => svg('path', { class: `line line${i}` }));
  const chart = svg(
    'svg',
    {
      class: 'chart',
      role: 'img',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      'aria-labelledby': titleId,
      'aria-describedby': textId,
    },
    ...[svg('title', { id: titleId }, title), text, grid, ...paths],
    svg('text', { class: 'axis', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4 }, xLabel),
    svg('text', { class: 'axis unit', x: 0, y: TOP + 2 }, yLabel),
  );
  const last = series.map(() => el('span', { class: 'number' }));
  const legend = el(
    'ul',
    { class: 'legend' },
    ...series.map((name, i) => {
      const key = svg(
        'svg',
        { width: 26, height: 10, 'aria-hidden': 'true' },
        svg('path', { class: `line line${i}`, d: 'M0 5H26' }),
      );
      return el('li', {}, key, name, ' ', last[i]);
    }),
  );
  const element = el('figure', { class: 'curves' }, el('figcaption', {}, title), chart, legend);
  const update: LineChart['update'] = (points, xMax = fixed.xMax) => {
    const all = points.flat();
    if (all.length === 0) {
      grid.replaceChildren();
      for (const path of paths) path.setAttribute('d', '');
      for (const one of last) one.textContent = '';
      text.textContent = 'no points yet';
      return;
    }
    const y = axisOver(
      all.map(([, value]) => value),
      4,
      limits,
    );
    const x = axisOver([0, xMax ?? Math.max(...all.map(([at]) => at))], 4);
    const right = { ...x, high: xMax ?? x.high };
    grid.replaceChildren(...gridLines(right, y));
    for (const [i, path] of paths.entries()) {
      const places = (points[i] ?? []).filter(([, value]) => Number.isFinite(value));
      path.setAttribute(
        'd',
        places.map(([at, value], n) => `${n === 0 ? 'M' : 'L'}${left(right, at)} ${top(y, value)}`).join(''),
      );
      const end = places.at(-1);
      const shown = last[i];
      if (shown !== undefined) shown.textContent = end === undefined ? '' : format(end[1]);
    }
    text.textContent = series
      .map((name, i) => {
        const [begin, end] = [points[i]?.[0], points[i]?.at(-1)];
        return begin === undefined || end === undefined
          ? `${name}: none yet`
          : `${name}: from ${format(begin[1])} to ${format(end[1])}`;
      })
      .join('; ');
  };
  return { element, update };
}

const left = (axis: Axis, value: number): number => short(LEFT + (WIDTH - LEFT - RIGHT) * shareAt(axis, value));
const top = (axis: Axis, value: number): number =>
  short(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * shareAt(axis, value));

function gridLines(x: Axis, y: Axis): SVGElement[] {
  const rows = y.ticks.flatMap((tick) => [
    svg('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: top(y, tick), y2: top(y, tick) }),
    svg('text', { class: 'tick left', x: LEFT - 6, y: top(y, tick) + 4 }, tick.toFixed(y.decimals)),
  ]);
  const columns = x.ticks
    .filter((tick) => tick <= x.high)
    .map((tick) => svg('text', { class: 'tick', x: left(x, tick), y: HEIGHT - BOTTOM + 15 }, tick.toFixed(x.decimals)));
  return [...rows, ...columns];
}
