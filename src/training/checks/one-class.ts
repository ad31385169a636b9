/** @file A student that has collapsed: whatever it reads, it gives the same answer. */
import type { ClassCounts } from '../evaluation/evaluate.js';
import { shownPercent, type Warning } from './warning.js';

/** Rows of other classes below which one answer may be right enough. */
const FEW_OTHERS = 5;

/** After an epoch; nothing is said where nearly all rows have that very label. */
export function oneClassWarnings(
  { given, gold }: ClassCounts,
  where: { readonly epoch: number; readonly data: string; readonly labelNames: readonly string[] },
): Warning[] {
  const said = given.flatMap((count, label) => (count > 0 ? [label] : []));
  const [only] = said;
  const rows = gold.reduce((sum, count) => sum + count, 0);
  if (only === undefined || said.length > 1 || rows - Math.max(...gold) < FEW_OTHERS) return [];
  const share = shownPercent((gold[only] ?? 0) / rows);
  return [
    {
      name: 'one-class',
      text: `after epoch ${where.epoch} the student answers '${where.labelNames[only] ?? only}' to all rows of ${where.data}, of which ${share} are`,
      fix: 'train longer, or with a lower learning rate (higher for a new BiLSTM); look at the loss: it should fall',
    },
  ];
}
