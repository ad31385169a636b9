/** @file The sets of `families`, opened. */
import { loadTextSet, openTask, splitOf, type TextTable, type TextTask, textTable } from '../src/entries/data.js';
import { SETS, type SetName } from './family-settings.js';
import { poolFor } from './pools.js';

export type OpenedSet = {
  /** Its `dev` is all that is scored. */
  readonly task: TextTask;
  /** What the teacher is fine-tuned and monitored on, as in the other recipes. */
  readonly taught: TextTask;
  readonly transfer: TextTable | undefined;
};

export async function openSet(set: SetName): Promise<OpenedSet> {
  const loaded = await loadTextSet(set, { dir: process.env.RETORT_DATA });
  const scored = SETS[set].scored.map(({ split, rows }) => {
    const table = splitOf(loaded, split);
    if (table.size !== rows)
      throw new Error(`${table.name}: wanted ${rows} rows, as results are cut, got ${table.size}`);
    return table;
  });
  const evaluation = textTable(`${set} ${SETS[set].scored.map(({ split }) => split).join(' and ')}`, {
    texts: scored.flatMap(({ texts }) => [...texts]),
    labels: scored.flatMap(({ labels = [] }) => [...labels]),
    labelNames: loaded.labelNames,
    ...(loaded.isPair && { pairs: scored.flatMap(({ pairs = [] }) => [...pairs]) }),
  });
  const { train } = await openTask({ ...loaded, dev: evaluation }, {});
  const [first] = SETS[set].scored;
  return {
    task: { ...loaded, train, dev: evaluation },
    taught: { ...loaded, train, dev: splitOf(loaded, first.split) },
    transfer: await poolFor(set, train),
  };
}
