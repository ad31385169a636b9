import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bilstm } from '../../src/models/bilstm.js';
import { bilstmFromTeacher } from '../../src/models/bilstm-embeddings.js';
import { openForward } from '../../src/models/forward.js';
import { reducedRows, wordTable } from '../../src/models/initial-embeddings.js';
import { pieceVectors } from '../../src/models/piece-vectors.js';
import { staticFromEncoder, staticFromTokenizer, staticFromWordVectors } from '../../src/models/static-embeddings.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { openTokenizer } from '../../src/tokenizers/load-pieces.js';
import { smallerVocabulary } from '../../src/tokenizers/smaller-vocabulary.js';
import type { TokenizerJson } from '../../src/tokenizers/tokenizer-json.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { temporaryFolder } from '../files/processes.js';
import { evaluate } from '../nn/evaluate.js';
import { tokenizerJson } from '../tokenizers/tokenizer-files.js';
import { smallEncoders } from './small-encoders.js';
import { inputsOf } from './witness.js';

const EMBEDDINGS = 'embed.weight';
const THETA = 'token_weight.weight';
const tokenizer = wordTokenizer(['good', 'film', 'bad']);
const encoders = smallEncoders({ vocabulary: 9, labels: 3, width: 8, padding: 0 });

function rowOf({ data, shape }: Tensor<'float32'>, row: number): number[] {
  const d = shape[1] as number;
  return [...data.subarray(row * d, (row + 1) * d)];
}

describe('pieceVectors', () => {
  test.each(encoders.map((model) => [model.kind, model] as const))(
    'of a %s are the last hidden states of texts of one token',
    async (_, model) => {
      const weights = initialiseParameters(model.parameters, 3);
      const ids = [4, 2, 7];
      const { hiddenStates } = model.forward(
        evaluationContext(inputParameters(model.parameters)),
        inputsOf(model, { B: 3, S: 1 }),
      );
      const column = (values: readonly number[]) => fromNumbers('int64', [3, 1], values);
      const feeds = { input_ids: column(ids), attention_mask: column([1, 1, 1]), token_type_ids: column([0, 0, 0]) };
      const read = new Set(model.inputs({ B: 3, S: 1 }).map(({ name }) => name));
      const results = await evaluate(
        { last: hiddenStates?.at(-1) as never },
        { ...weights, ...Object.fromEntries(Object.entries(feeds).filter(([name]) => read.has(name))) },
      );
      const vectors = await pieceVectors({ model, weights }, ids);
      expect(vectors.shape).toEqual([3, 8]);
      for (const [i, value] of toNumbers(results.last as Tensor).entries()) {
        expect(vectors.data[i]).toBeCloseTo(value, 5);
      }
    },
  );

  test('a model without hidden states is refused', async () => {
    const model = bilstm({ vocab_size: 9, embedding_size: 2, hidden_size: 2, dense_size: 2 });
    const weights = initialiseParameters(model.parameters, 1);
    await expect(pieceVectors({ model, weights }, [1])).rejects.toThrow('pieces of bilstm: wanted hidden states, got');
  });
});

describe('staticFromEncoder', () => {
  const config = { embedding_size: 5, hidden_sizes: [4], num_labels: 3 };

  test.each(encoders.map((model) => [model.kind, model] as const))('starts from a %s and answers', async (_, model) => {
    const weights = initialiseParameters(model.parameters, 3);
    const student = await staticFromEncoder({ model, weights }, tokenizer, { seed: 7, config });
    const all = await pieceVectors({ model, weights }, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const wanted = await reducedRows(all, { size: 5, padId: 0, what: '', where: '' });
    expect(student.weights[EMBEDDINGS]).toEqual(wanted);
    const { [EMBEDDINGS]: _own, ...others } = initialiseParameters(student.model.parameters, 7);
    expect(student.weights).toMatchObject(others);
    const forward = await openForward(student.model, ['logits'], { threads: 1 });
    const { logits } = await forward.run(student.weights, tokenizer.encode(['good film', 'bad']));
    await forward.release();
    expect(logits?.shape).toEqual([2, 3]);
  });

  test('another seed draws the layers alone, and is what a new start would be', async () => {
    const [model] = encoders as [(typeof encoders)[number]];
    const weights = initialiseParameters(model.parameters, 3);
    const first = await staticFromEncoder({ model, weights }, tokenizer, { seed: 7, config });
    const second = await staticFromEncoder({ model, weights }, tokenizer, { seed: 8, config });
    expect(first.redrawn(8)).toEqual(second.weights);
    expect(first.weights['fc1.weight']).not.toEqual(second.weights['fc1.weight']);
  });

  test('of a smaller vocabulary has its pieces’ vectors, special tokens around a text at zero; so has a BiLSTM', async () => {
    const whole = openTokenizer(
      tokenizerJson() as TokenizerJson,
      {},
      'whole',
      new Map([['tokenizer.json', JSON.stringify(tokenizerJson())]]),
    );
    const smaller = await smallerVocabulary(whole, ['a gorgeous movie', 'it is slow'], 9);
    const [model] = smallEncoders({ vocabulary: whole.vocabularySize, labels: 3, width: 8, padding: 0 });
    if (model === undefined) throw new Error('no encoder');
    const weights = initialiseParameters(model.parameters, 3);
    const student = await staticFromEncoder({ model, weights }, whole, { seed: 7, config, smaller });
    const padId = smaller.tokenizer.padId;
    expect(student.model.config).toMatchObject({ vocab_size: 9, pad_token_id: padId });
    const own = await reducedRows(await pieceVectors({ model, weights }, smaller.kept), {
      size: 5,
      padId,
      what: '',
      where: '',
    });
    const around = smaller.tokenizer.encodeRow('').ids;
    expect(around).toHaveLength(2);
    for (let id = 0; id < 9; id++) {
      const wanted = around.includes(id) ? [0, 0, 0, 0, 0] : rowOf(own, id);
      expect(rowOf(student.weights[EMBEDDINGS] as Tensor<'float32'>, id)).toEqual(wanted);
    }
    const lstm = await bilstmFromTeacher({ weights }, whole, {
      seed: 7,
      config: { embedding_size: 5, hidden_size: 2, dense_size: 2 },
      smaller,
    });
    const { data, shape } = wordTable(weights);
    const width = shape[1] as number;
    const rows = smaller.kept.flatMap((id) => [...data.subarray(id * width, (id + 1) * width)]);
    const reduced = await reducedRows(fromNumbers('float32', [9, width], rows), {
      size: 5,
      padId,
      what: '',
      where: '',
    });
    expect(lstm.weights[EMBEDDINGS]).toEqual(reduced);
    expect(lstm.tokenizer).toBe(smaller.tokenizer);
  });
});

describe('other starts', () => {
  test('a tokenizer alone: all of it at random, each weight ½', () => {
    const student = staticFromTokenizer(tokenizer, { seed: 2, config: { embedding_size: 3 } });
    expect(student.weights).toEqual(initialiseParameters(student.model.parameters, 2));
    expect([...(student.weights[THETA] as Tensor<'float32'>).data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('a file of vectors: in the rows of their words', async () => {
    const path = join(temporaryFolder(), 'vectors.txt');
    writeFileSync(path, 'film 1 1 1\ngood 2 0 2\n');
    const student = await staticFromWordVectors(path, { texts: ['good film film odd'], seed: 5, minCount: 1 });
    const ids = student.tokenizer.encodeRow('film good odd').ids;
    const table = student.weights[EMBEDDINGS] as Tensor<'float32'>;
    expect(ids.slice(0, 2).map((id) => rowOf(table, id))).toEqual([
      [1, 1, 1],
      [2, 0, 2],
    ]);
    expect(student.withoutVector).toEqual(['odd']);
    expect(rowOf(student.redrawn(6)[EMBEDDINGS] as Tensor<'float32'>, ids[0] as number)).toEqual([1, 1, 1]);
    expect(student.redrawn(6)[EMBEDDINGS]).not.toEqual(table);
  });
});
