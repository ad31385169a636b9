/** @file What an encoder makes of each piece of its vocabulary by itself. */
import { toProgram } from '../autograd/lower.js';
import { reshape } from '../autograd/ops/shaping.js';
import { input } from '../autograd/value.js';
import { SignalError } from '../errors/failures.js';
import { evaluationContext } from '../nn/context.js';
import { constantParameters } from '../nn/parameters.js';
import { openSession } from '../runtime/session.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { TrainedModel } from './model.js';

const PIECES_PER_RUN = 256;

/**
 * Each piece through an encoder as a text of one token: its last hidden state. model2vec (Tulkens & van Dongen 2024) leaves
 * the special tokens around it and takes the mean of all three; without them it is a third of the work, and students that
 * started from either were as good.
 * @param ids the pieces, rows of the encoder's word embeddings.
 * @returns [ids, H]
 * @throws SignalError for a model without hidden states.
 */
export async function pieceVectors(
  { model, weights }: Pick<TrainedModel, 'model' | 'weights'>,
  ids: readonly number[],
): Promise<Tensor<'float32'>> {
  const inputs = model
    .inputs({ B: 'B', S: 1 })
    .map(({ name, dtype, shape }) => [name, input(name, dtype, shape)] as const);
  const { hiddenStates } = model.forward(evaluationContext(constantParameters(weights)), Object.fromEntries(inputs));
  const last = hiddenStates?.at(-1); // [B, 1, H]
  if (last === undefined) {
    throw new SignalError({ where: `pieces of ${model.kind}`, wanted: 'hidden states', got: model.signals.join(', ') });
  }
  const H = Number(last.shape[2]);
  const outputs = { vectors: reshape(last, ['B', H]) };
  const session = await openSession(toProgram({ outputs, form: 'export' }), { spinning: false });
  try {
    const vectors = new Float32Array(ids.length * H);
    for (let start = 0; start < ids.length; start += PIECES_PER_RUN) {
      const some = ids.slice(start, start + PIECES_PER_RUN);
      const feeds = Object.fromEntries(
        session.inputs.map(({ name }) => [name, tensor('int64', [some.length, 1], filled(name, some))]),
      );
      vectors.set((await session.run(feeds)).vectors?.data as Float32Array, start * H);
    }
    return tensor('float32', [ids.length, H], vectors);
  } finally {
    await session.release();
  }
}

/** Ids, a mask of ones, types of zeros. */
function filled(name: string, ids: readonly number[]): BigInt64Array {
  if (name === 'input_ids') return BigInt64Array.from(ids, BigInt);
  return new BigInt64Array(ids.length).fill(name === 'attention_mask' ? 1n : 0n);
}
