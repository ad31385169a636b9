import { check, shownPercent } from './check.js';
import { sampledRows } from './sampled-rows.js';

const MOST_UNKNOWN = 0.05;

/** Whether a tokenizer fits the texts that it cuts into pieces; nothing is said of other rows. */
export const vocabulary = check('rows', {
  says: 'the texts have many words that the tokenizer does not know',
  find: ({ train }) => {
    const unknownId = train.text?.tokenizer.unknownId;
    if (unknownId === undefined) return undefined;
    const unknown = BigInt(unknownId);
    let count = 0;
    let all = 0;
    for (const row of sampledRows(train.size)) {
      const { inputs } = train.batch([row]);
      for (const [name, ids] of Object.entries(inputs)) {
        if (!name.startsWith('input_ids')) continue;
        // Of two inputs the shorter one is padded.
        const mask = inputs[name.replace('input_ids', 'attention_mask')]?.data;
        for (const [i, id] of ids.data.entries()) {
          if (mask !== undefined && Number(mask[i]) === 0) continue;
          all += 1;
          if (id === unknown) count += 1;
        }
      }
    }
    if (count <= MOST_UNKNOWN * all) return undefined;
    return {
      text: `${shownPercent(count / all)} of the tokens of ${train.name} are unknown to the tokenizer`,
      fix: 'use a model for this language and spelling (case, accents), or a vocabulary from these texts',
    };
  },
});
