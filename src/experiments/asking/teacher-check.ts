/** @file Asking a teacher about some rows twice, and with its labels in other orders. */

import type { TextTable } from '../../data/text-table.js';
import { drawnRows } from '../../data/unlabelled-texts.js';
import { again, inOrder, type LabelOrder } from '../../outside/asking/asked-orders.js';
import type { OutsideAdapter, OutsideAnswer } from '../../outside/asking/outside.js';
import { RandomStream } from '../../tensor/random.js';
import { type GivenProbabilities, type SelfAgreement, selfAgreement } from './self-agreement.js';

export type CheckRequest = {
  readonly table: TextTable;
  readonly rows: number;
  readonly seed: number;
  readonly labelNames: readonly string[];
  readonly make: (labelNames: readonly string[]) => OutsideAdapter;
  /** Asks about all rows of a table, in the way that is named. */
  readonly ask: (
    adapter: OutsideAdapter,
    table: TextTable,
    how: string,
    each: (row: number, answer: OutsideAnswer) => void,
  ) => Promise<void>;
};

export type TeacherCheck = SelfAgreement & { readonly rows: number };

export async function checkTeacher({ table, rows, seed, labelNames, make, ask }: CheckRequest): Promise<TeacherCheck> {
  const random = new RandomStream(seed, 'check');
  const sample = drawnRows(table, Math.min(rows, table.size), random).drawn;
  const all = async (adapter: OutsideAdapter, how: string) => {
    const given: GivenProbabilities[] = Array.from({ length: sample.size }, () => undefined);
    await ask(adapter, sample, how, (row, answer) => {
      given[row] = probabilitiesOf(answer);
    });
    return given;
  };
  const base = make(labelNames);
  const first = await all(base, 'check');
  const second = await all(again(base, 1), 'check, asked again');
  const orders: (readonly GivenProbabilities[])[] = [];
  for (const [i, order] of otherOrders(labelNames.length, random).entries()) {
    orders.push(await all(again(inOrder(make, labelNames, order), i + 2), `check, order ${i + 2} of the labels`));
  }
  return { rows: sample.size, ...selfAgreement(labelNames, first, second, orders) };
}

/** From the last to the first, and, where there are more, at random. */
function otherOrders(labels: number, random: RandomStream): readonly LabelOrder[] {
  const reversed = Array.from({ length: labels }, (_, i) => labels - 1 - i);
  return labels === 2 ? [reversed] : [reversed, [...random.permutation(labels)]];
}

/** Undefined for a hole. */
export function probabilitiesOf({ kind, target }: OutsideAnswer): GivenProbabilities {
  if (kind === 'refused' || kind === 'malformed') return undefined;
  return target.logits.map(Math.exp);
}
