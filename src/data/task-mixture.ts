/**
 * @file The rows of several tasks as one data set whose batches are of one task each, and how often each task's turn is.
 * `proportional` is MT-DNN's (Liu et al. 2019, arXiv:1901.11504, algorithm 1): all batches of all tasks once an epoch,
 * shuffled. `size^0.75` is BAM's (Clark et al. 2019, arXiv:1907.04829): each batch is of a task drawn with probability
 * ∝ rows^0.75. `uniform`: each task alike.
 */
import { OptionError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';
import { type Dataset, type EpochOptions, NO_ROW } from './dataset.js';
import { groupedOrder } from './length-order.js';
import { type Sampling, taskProbabilities } from './sampling.js';
import { epochOrder } from './shuffle.js';

export type TaskRows = { readonly name: string; readonly data: Dataset };

export type TaskMixture = Dataset & {
  /** The task of rows of one batch, and what its own data set calls them. */
  own(rows: Uint32Array): { readonly task: string; readonly rows: Uint32Array };
  /** Batches of an epoch: as many as all tasks have. */
  batchesPerEpoch(batchSize: number): number;
};

/**
 * One data set of the tasks' rows, those of the first task first. Batches are of one task, and say of which.
 * @throws OptionError for no tasks, or for some that are texts and some that are not, or texts of several tokenizers.
 */
export function taskMixture(tasks: readonly TaskRows[], sampling: Sampling): TaskMixture {
  const [first] = tasks;
  if (first === undefined) throw new OptionError({ where: 'tasks', wanted: 'at least one', got: 'none' });
  for (const { name, data } of tasks) {
    if (data.text?.tokenizer === first.data.text?.tokenizer) continue;
    throw new OptionError({
      where: `task '${name}'`,
      wanted: `rows made by the tokenizer of task '${first.name}'`,
      got: data.text === undefined ? 'rows that are not texts' : 'another tokenizer',
      fix: 'read all tasks with the tokenizer of the one model',
    });
  }
  const sizes = tasks.map(({ data }) => data.size);
  const probabilities = taskProbabilities(sizes, sampling);
  const starts: number[] = [];
  let size = 0;
  for (const count of sizes) {
    starts.push(size);
    size += count;
  }
  const taskOf = (row: number): number => starts.findLastIndex((start) => row >= start);
  const own = (rows: ArrayLike<number>) => {
    const at = taskOf(rows[0] ?? 0);
    const start = starts[at] as number;
    const { name, data } = tasks[at] as TaskRows;
    return { task: name, data, rows: Uint32Array.from(rows, (row) => row - start) };
  };
  const batchesOf = (batchSize: number) => sizes.map((count) => Math.ceil(count / batchSize));
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

  const order = ({ batchSize, seed, epoch }: EpochOptions): Uint32Array => {
    const counts = batchesOf(batchSize);
    const turns =
      sampling === 'proportional'
        ? shuffledTurns(counts, seed, epoch)
        : drawnTurns(probabilities, { turns: total(counts), seed, epoch });
    const places = new Uint32Array(turns.length * batchSize).fill(NO_ROW);
    const orders = new Map<string, Uint32Array>();
    for (const [i, { task, turn }] of turns.entries()) {
      const { name, data } = tasks[task] as TaskRows;
      const count = counts[task] as number;
      // The tasks have epochs of their own where their turns are drawn.
      const ownEpoch = Math.floor(turn / count);
      const key = `${name} ${ownEpoch}`;
      // A seed of its own: tasks of one size would have their rows in one order.
      const ownSeed = new RandomStream(seed, `rows of ${name}`).below(2 ** 32);
      const rows = orders.get(key) ?? ownOrder(data, { batchSize, seed: ownSeed, epoch: ownEpoch });
      orders.set(key, rows);
      const at = (turn % count) * batchSize;
      const start = starts[task] as number;
      places.set(
        rows.subarray(at, at + batchSize).map((row) => row + start),
        i * batchSize,
      );
    }
    return places;
  };

  const { text } = first.data;
  return {
    name: tasks.map(({ data }) => data.name).join(', '),
    size,
    labelNames: [],
    ...(text && {
      text: {
        ...text,
        lengths: Uint32Array.from(tasks.flatMap(({ data }) => [...(data.text?.lengths ?? [])])),
        isTruncated: Uint8Array.from(tasks.flatMap(({ data }) => [...(data.text?.isTruncated ?? [])])),
      },
    }),
    order,
    own: (rows) => {
      const { task, rows: ownRows } = own(rows);
      return { task, rows: ownRows };
    },
    batchesPerEpoch: (batchSize) => total(batchesOf(batchSize)),
    batch: (rows, paddedTo, place, length) => {
      const { task, data, rows: ownRows } = own(rows);
      return { ...data.batch(ownRows, paddedTo, place, length), task };
    },
  };
}

/** A task, and the number of its turn among its own over all epochs, from 0. */
type Turn = { readonly task: number; readonly turn: number };

/** Every batch of every task once, shuffled. */
function shuffledTurns(counts: readonly number[], seed: number, epoch: number): Turn[] {
  const all = counts.flatMap((count, task) =>
    Array.from({ length: count }, (_, i): Turn => ({ task, turn: epoch * count + i })),
  );
  const order = new RandomStream(seed, 'shuffle tasks', epoch).permutation(all.length);
  return Array.from(order, (i) => all[i] as Turn);
}

/** Tasks by their probabilities. A task goes on in an epoch where it stopped in the one before, so those are drawn too. */
function drawnTurns(
  probabilities: readonly number[],
  { turns, seed, epoch }: { readonly turns: number; readonly seed: number; readonly epoch: number },
): Turn[] {
  const done = probabilities.map(() => 0);
  let drawn: Turn[] = [];
  for (let e = 0; e <= epoch; e++) {
    const random = new RandomStream(seed, 'draw tasks', e);
    drawn = Array.from({ length: turns }, () => {
      let rest = random.uniform(0, 1);
      let task = probabilities.findIndex((probability) => {
        rest -= probability;
        return rest < 0;
      });
      // Rounding may leave a crumb.
      if (task < 0) task = probabilities.length - 1;
      const turn = done[task] as number;
      done[task] = turn + 1;
      return { task, turn };
    });
  }
  return drawn;
}

function ownOrder({ text, size }: Dataset, { batchSize, seed, epoch }: EpochOptions): Uint32Array {
  return text === undefined ? epochOrder(size, seed, epoch) : groupedOrder(text.lengths, batchSize, seed, epoch);
}
