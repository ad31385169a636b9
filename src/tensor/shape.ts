import { ShapeError } from '../errors/failures.js';

/**
 * A length, or the name of one that is only known when the graph runs (`N`). Products of names are written
 * `N*S`. Training graphs have numbers everywhere; exported graphs may have names.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];
/** A shape without names. */
export type StaticShape = readonly number[];

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function isStatic(shape: Shape): shape is StaticShape {
  return shape.every((dim) => typeof dim === 'number');
}

/**
 * The shape as numbers.
 * @throws ShapeError if a dimension is a name.
 */
export function staticShape(shape: Shape, where: string): StaticShape {
  if (isStatic(shape)) return shape;
  throw new ShapeError({
    where,
    wanted: 'a shape of numbers',
    got: formatShape(shape),
    fix: 'trace this graph once per batch shape; names are for exported graphs',
  });
}

/** Number of elements. */
export function sizeOf(shape: StaticShape): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** Product of dimensions; names are kept, sorted, so `N*S` and `S*N` are one dimension. */
export function dimProduct(dims: readonly Dim[]): Dim {
  let size = 1;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') {
      size *= dim;
      continue;
    }
    // A product may come in with a number of its own: `2*N`.
    for (const factor of dim.split('*')) {
      if (/^\d+$/.test(factor)) size *= Number(factor);
      else names.push(factor);
    }
  }
  if (names.length === 0) return size;
  names.sort();
  return (size === 1 ? names : [String(size), ...names]).join('*');
}

/**
 * A dimension as a number, by what its names stand for.
 * @throws ShapeError for a name that is not among them.
 */
export function lengthOf(dim: Dim, lengths: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  const length = dimProduct(dim.split('*').map((factor) => lengths.get(factor) ?? factor));
  if (typeof length === 'number') return length;
  throw new ShapeError({ where: 'length', wanted: `one of ${[...lengths.keys()].join(', ') || 'none'}`, got: length });
}

/** An axis counted from 0, from one that may count from the end. */
export function resolveAxis(axis: number, rank: number, where: string): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && resolved >= 0 && resolved < rank) return resolved;
  throw new ShapeError({
    where,
    wanted: `an axis from ${-rank} to ${rank - 1}`,
    got: String(axis),
    fix: 'count axes of the tensor passed in',
  });
}

/**
 * NumPy's broadcasting rule, the one place where it is written down. A name broadcasts against 1 and itself.
 * @throws ShapeError naming both shapes.
 */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left === right || right === 1) result.push(left);
    else if (left === 1) result.push(right);
    else {
      throw new ShapeError({
        where,
        wanted: 'shapes that broadcast (equal lengths, or 1, from the last axis backwards)',
        got: `${formatShape(a)} and ${formatShape(b)}`,
        fix: 'reshape or transpose one of them',
      });
    }
  }
  return result;
}

/**
 * Checks a shape against a pattern and returns its dimensions. Letters bind on first use and must repeat
 * the same value (`['B', 'B']` wants a square); numbers must match.
 * @throws ShapeError naming the pattern, the shape and the binding that failed.
 */
export function expectShape(
  tensor: { readonly shape: Shape },
  pattern: readonly (number | string)[],
  where: string,
): Dim[] {
  const { shape } = tensor;
  const bound = new Map<string, Dim>();
  const fits =
    shape.length === pattern.length &&
    pattern.every((wanted, axis) => {
      const dim = shape[axis] as Dim;
      if (typeof wanted === 'number') return dim === wanted;
      const known = bound.get(wanted);
      if (known === undefined) bound.set(wanted, dim);
      return known === undefined || known === dim;
    });
  if (fits) return [...shape];
  const bindings = [...bound].map(([letter, dim]) => `${letter}=${dim}`).join(', ');
  throw new ShapeError({
    where,
    wanted: `shape ${formatShape(pattern)}`,
    got: `${formatShape(shape)}${bindings === '' ? '' : ` (${bindings})`}`,
  });
}
