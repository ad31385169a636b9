/** @file What decides a run's numbers, as plain JSON: written down when it starts, compared when it is resumed. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.js';
import { OptionError } from '../errors/failures.js';
import type { Arithmetic, Optimizer } from '../optim/optimizer.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Rows at either end of a data set that its fingerprint looks into. */
const SAMPLED_ROWS = 32;

/** Name, size and a hash of the first and last rows: enough to tell a data set from others, and quick. */
export function describeData(data: Dataset): { name: string; rows: number; sample: string } {
  const { name, size, labelNames } = data;
  const hash = createHash('sha256').update(JSON.stringify(labelNames));
  const ends = Uint32Array.from({ length: Math.min(size, 2 * SAMPLED_ROWS) }, (_, i) =>
    i < SAMPLED_ROWS ? i : size - 1 - (i - SAMPLED_ROWS),
  );
  const { inputs, labels, scores } = data.batch(ends);
  for (const tensor of [...Object.values(inputs), labels, scores]) {
    if (tensor === undefined) continue;
    const { data: values } = tensor;
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return { name, rows: size, sample: hash.digest('hex').slice(0, 16) };
}

/** Plain numbers, in float64. */
const NUMBERS: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
};

/** An optimiser's name and rates, and what it makes of one number: constants such as betas show in that. */
export function describeOptimizer(optimizer: Optimizer): { [key: string]: Json } {
  const { name, learningRate, weightDecay, slots } = optimizer;
  const probe = optimizer.update(
    {
      parameter: 1,
      gradient: 0.3,
      slots: Object.fromEntries(slots.map((slot, i) => [slot, 0.5 + i])),
      scalars: optimizer.scalars({ step: 2, learningRate: 0.1, weightDecay: 0.2 }),
      decays: true,
    },
    NUMBERS,
  );
  return { name, learningRate, weightDecay, settings: [probe.parameter, ...Object.values(probe.slots)] };
}

/** The value as JSON has it, without functions and `undefined`. */
export function asJson(value: object): { readonly [key: string]: Json } {
  return JSON.parse(JSON.stringify(value));
}

type Difference = { readonly option: string; readonly then: Json | undefined; readonly now: Json | undefined };

/** The first place where two JSON values differ, as a dotted path. */
export function firstDifference(then: Json | undefined, now: Json | undefined, option = ''): Difference | undefined {
  if (isObject(then) && isObject(now)) {
    for (const key of new Set([...Object.keys(then), ...Object.keys(now)])) {
      const found = firstDifference(then[key], now[key], option === '' ? key : `${option}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return JSON.stringify(then) === JSON.stringify(now) ? undefined : { option, then, now };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws OptionError naming the first option that is not as the run was started with. */
export function expectSameOptions(outputDir: string, then: Json, now: Json): void {
  const different = firstDifference(then, now);
  if (different === undefined) return;
  throw new OptionError({
    where: `${outputDir}: resuming with another ${different.option}`,
    wanted: `${shown(different.then)}, as the run was started with`,
    got: shown(different.now),
    fix: 'resume with the options of that run, or start anew with --overwrite or in another folder',
  });
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
