import { check, shownPercent } from './check.js';

/** Rows of other classes below which one answer may be right enough. */
const FEW_OTHERS = 5;

/** A student that has collapsed; nothing is said where nearly all rows have that very label. */
export const oneClass = check('epoch', {
  says: 'the student predicts one class for every evaluated row',
  find: ({ given, gold, epoch, data, labelNames }) => {
    const said = given.flatMap((count, label) => (count > 0 ? [label] : []));
    const [only] = said;
    const rows = gold.reduce((sum, count) => sum + count, 0);
    if (only === undefined || said.length > 1 || rows - Math.max(...gold) < FEW_OTHERS) return undefined;
    const after = epoch === undefined ? '' : `after epoch ${epoch} `;
    const share = shownPercent((gold[only] ?? 0) / rows);
    return {
      text: `${after}the student predicts '${labelNames[only] ?? only}' for all rows of ${data}, of which ${share} are`,
      fix:
        epoch === undefined
          ? 'give it more rows, or rows of more classes; look at the texts: do their words tell the classes?'
          : 'train longer, or with a lower learning rate (higher for a new BiLSTM); look at the loss: it should fall',
    };
  },
});
