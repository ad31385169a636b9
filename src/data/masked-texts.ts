/**
 * @file Words hidden from a masked language model, drawn anew at each step. Devlin et al. 2019, arXiv:1810.04805, section
 * 3.1 and appendix A.1; drawn at each step as RoBERTa has it (Liu et al. 2019, arXiv:1907.11692, section 4.1).
 *
 *   of a text's n tokens round(rate · n), at least one, are to be guessed; of these 80 % become the mask token, 10 %
 *   another piece of the vocabulary, 10 % stay
 *
 * Departures: the number is fixed, as in Google's code; `transformers` draws each token by itself. Special tokens are
 * neither hidden nor put into a place, where `transformers` may put them.
 */
import { OptionError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { RandomStream } from '../tensor/random.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { Pieces } from '../tokenizers/pieces.js';
import type { Batch } from './dataset.js';
import type { Perturbation } from './perturbation.js';

export type MaskingOptions = {
  readonly pieces: Pick<Pieces, 'names' | 'special' | 'mask'>;
  /** Share of the tokens that are to be guessed. Default: 0.15. */
  readonly rate?: number;
  /**
   * `masked`: the batch has `masked_positions` [B, P], for a model that answers there alone (`answersAtPositions`), and
   * labels [B, P]. `all`: labels [B, S]. Default: `masked`.
   */
  readonly answersAt?: 'masked' | 'all';
};

export const MASK_RATE = 0.15;
const [MASKED_SHARE, REPLACED_SHARE] = [0.8, 0.1];

/**
 * Hides words of a batch of texts (`textDataset`) and makes them its labels. What is drawn for a row is a function of
 * seed, step and the row's id, however a step is cut into batches.
 * @throws OptionError for a rate that is none.
 */
export function maskTokens({ pieces, rate = MASK_RATE, answersAt = 'masked' }: MaskingOptions): Perturbation {
  if (!(rate > 0 && rate < 1)) {
    throw new OptionError({ where: 'mask rate', wanted: 'a number > 0 and < 1', got: String(rate) });
  }
  const { special, mask } = pieces;
  const words = Uint32Array.from(pieces.names.keys()).filter((id) => !special.has(id) && pieces.names[id] !== '');
  return {
    name: 'mask-tokens',
    options: { rate, isAskedEverywhere: Number(answersAt === 'all') },
    dtypes: {},
    perturb: (batch, { seed, step }) => {
      const ids = batch.inputs.input_ids as Tensor<'int64'>;
      const attention = batch.inputs.attention_mask as Tensor<'int64'>;
      const [B = 0, S = 0] = ids.shape;
      const hidden = ids.data.slice();
      const guesses = Array.from({ length: B }, (_, row) => {
        const random = new RandomStream(seed, `mask/${batch.ids[row]}`, step);
        const places = placesOf(ids.data, attention.data, row * S, S, special);
        const chosen = chooseSome(places, Math.max(1, Math.round(rate * places.length)), random);
        for (const place of chosen) {
          const draw = random.uniform();
          if (draw < MASKED_SHARE) hidden[row * S + place] = BigInt(mask.id);
          else if (draw < MASKED_SHARE + REPLACED_SHARE) {
            hidden[row * S + place] = BigInt(words[random.below(words.length)] ?? mask.id);
          }
        }
        return chosen;
      });
      const inputs = { ...batch.inputs, input_ids: tensor('int64', ids.shape, hidden) };
      return answersAt === 'all'
        ? { ...batch, inputs, labels: labelsOf(ids, guesses, S, (place) => place) }
        : askedAt({ ...batch, inputs }, ids, guesses);
    },
  };
}

/** Tokens of a row that may be hidden. */
function placesOf(
  ids: BigInt64Array,
  attention: BigInt64Array,
  start: number,
  S: number,
  special: ReadonlySet<number>,
): number[] {
  const places: number[] = [];
  for (let s = 0; s < S; s++) {
    if (attention[start + s] === 1n && !special.has(Number(ids[start + s]))) places.push(s);
  }
  return places;
}

/** `count` of them in rising order, or all: the first steps of Fisher and Yates's shuffle. */
function chooseSome(places: number[], count: number, random: RandomStream): number[] {
  const kept = Math.min(count, places.length);
  for (let i = 0; i < kept; i++) {
    const j = i + random.below(places.length - i);
    const held = places[i] as number;
    places[i] = places[j] as number;
    places[j] = held;
  }
  return places.slice(0, kept).sort((a, b) => a - b);
}

/** The batch with `masked_positions` and labels [B, P], P what the row with the most guesses has. */
function askedAt(batch: Batch, ids: Tensor<'int64'>, guesses: readonly (readonly number[])[]): Batch {
  const P = guesses.reduce((most, { length }) => Math.max(most, length), 1);
  const positions = new BigInt64Array(guesses.length * P).fill(-1n);
  for (const [row, places] of guesses.entries()) {
    for (const [i, place] of places.entries()) positions[row * P + i] = BigInt(place);
  }
  const inputs = { ...batch.inputs, masked_positions: tensor('int64', [guesses.length, P], positions) };
  return { ...batch, inputs, labels: labelsOf(ids, guesses, P, (_place, i) => i) };
}

/** [B, width]: the ids that were there, at the column of each guess; none elsewhere. */
function labelsOf(
  ids: Tensor<'int64'>,
  guesses: readonly (readonly number[])[],
  width: number,
  column: (place: number, i: number) => number,
): Tensor<'int64'> {
  const [, S = 0] = ids.shape;
  const labels = new BigInt64Array(guesses.length * width).fill(BigInt(NO_LABEL));
  for (const [row, places] of guesses.entries()) {
    for (const [i, place] of places.entries()) {
      labels[row * width + column(place, i)] = ids.data[row * S + place] as bigint;
    }
  }
  return tensor('int64', [guesses.length, width], labels);
}
