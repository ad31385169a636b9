import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Augmentation, copiesOfRow } from '../../src/augment/augmentation.js';
import { openMlm } from '../../src/augment/mlm.js';
import { largestPlaces, pieceNeighbours, vectorNeighbours } from '../../src/augment/neighbours.js';
import { bert } from '../../src/models/bert.js';
import { openForward } from '../../src/models/forward.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { openTokenizer } from '../../src/tokenizers/load-pieces.js';
import { readPieces } from '../../src/tokenizers/pieces.js';
import type { TokenizerJson } from '../../src/tokenizers/tokenizer-json.js';
import { tokenizerJsonOf } from '../../src/tokenizers/vocab-txt.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';

const VOCABULARY =
  '[PAD] [UNK] [CLS] [SEP] [MASK] [unused0] the a film plot comedy movie was good bad fine play ##ed ##ing ##s , .'.split(
    ' ',
  );
const SPECIAL = { unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', pad: '[PAD]', mask: '[MASK]' };
const json = tokenizerJsonOf(
  VOCABULARY.join('\n'),
  { lowercase: true, stripAccents: null, chineseChars: true, ...SPECIAL },
  'vocab.txt',
) as TokenizerJson;
const tokenizer = openTokenizer(json, {}, 'vocab.txt', new Map([['tokenizer.json', JSON.stringify(json)]]));
const model = bert({
  vocab_size: VOCABULARY.length,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 40,
  initializer_range: 0.5,
  head: 'masked-lm',
});
const weights = initialiseParameters(model.parameters, 5);
const textModel = { model, weights, tokenizer };
const K = 6;

let mlm: Augmentation;
beforeAll(async () => {
  mlm = await openMlm({ model: textModel, copies: 30, replaceRate: 1, candidates: K, threads: 1 });
});
afterAll(async () => mlm.release?.());

/** Witness: the encoder asked at every token, one question at a time, and all its logits sorted. */
async function likeliestAt(text: string, word: string): Promise<Set<string>> {
  const forward = await openForward(model, ['logits'], { threads: 1 });
  const batch = tokenizer.encode([text.replace(word, '[MASK]')], [text]);
  const at = batch.input_ids.data.indexOf(BigInt(VOCABULARY.indexOf('[MASK]')));
  const { logits } = await forward.run(weights, batch);
  await forward.release();
  const row = toNumbers(logits ?? { data: [] }).slice(at * VOCABULARY.length, (at + 1) * VOCABULARY.length);
  const ids = [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number)).slice(0, K);
  return new Set(ids.map((id) => VOCABULARY[id] as string).filter((name) => !/^(##|\[)/.test(name)));
}

describe('openMlm', () => {
  test('a word of one piece becomes one of the likeliest in its place, and all of them turn up', async () => {
    const text = 'the Comedy was good.';
    const rows = await copiesOfRow({ id: 'a', text }, mlm);
    const changed = rows.map((row) => /^the (\S+) was (\S+?)\.$/.exec(row.text));
    expect(changed).not.toContain(null);
    const large = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
    const first = new Set([...(await likeliestAt(text, 'Comedy'))].map(large));
    const second = await likeliestAt(text, 'good');
    expect(first.size).toBeGreaterThan(1);
    for (const match of changed) {
      expect(first).toContain(match?.[1]);
      expect(second).toContain(match?.[2]);
    }
    expect(new Set(changed.map((match) => match?.[1]))).toEqual(first);
  });

  test('stop words, numbers and marks stay; a rate of one half changes about half of the rest', async () => {
    const half = await openMlm({ model: textModel, copies: 200, replaceRate: 0.5, candidates: 1, threads: 1 });
    const text = 'the film was 7 , and no plot .';
    const rows = await half.copies({ text }, new RandomStream(1, 'half'));
    await half.release?.();
    const words = rows.map((row) => row.text.split(' '));
    for (const row of words) {
      expect([0, 2, 3, 4, 5, 6, 8].map((i) => row[i])).toEqual(['the', 'was', '7', ',', 'and', 'no', '.']);
    }
    const [likeliest] = await likeliestAt(text, 'film');
    expect(likeliest).not.toBe('film');
    const share = words.filter((row) => row[1] === likeliest).length / words.length;
    // Binomial: a standard deviation of 0.035.
    expect(Math.abs(share - 0.5)).toBeLessThan(0.18);
  });

  test('a pair has both of its texts changed', async () => {
    const rows = await copiesOfRow({ id: 'p', text: 'good film', pair: 'bad plot' }, mlm);
    expect(rows.some(({ text, pair }) => text !== 'good film' && pair !== 'bad plot')).toBe(true);
  });

  test('a text gives the same beside any other, and one that is too long for the model still gives texts', async () => {
    const one = await copiesOfRow({ id: 'a', text: 'a good movie' }, mlm);
    await copiesOfRow({ id: 'b', text: `${'film '.repeat(80)}plot` }, mlm);
    expect(await copiesOfRow({ id: 'a', text: 'a good movie' }, mlm)).toEqual(one);
    expect((await copiesOfRow({ id: 'b', text: `good ${'film '.repeat(80)}` }, mlm)).length).toBeGreaterThan(0);
  });

  test('other models are refused with the way out', async () => {
    const other = { ...textModel, model: bert({ ...model.config, head: 'classification' }) };
    await expect(openMlm({ model: other })).rejects.toThrow(
      'wanted a masked language model, got a bert with the head classification; use a masked language model',
    );
    const whole = { ...textModel, tokenizer: wordTokenizer(['film']) };
    await expect(openMlm({ model: whole })).rejects.toThrow('wanted a WordPiece tokenizer, as BERT has');
    await expect(openMlm({ model: textModel, replaceRate: 0 })).rejects.toThrow(
      'replaceRate: wanted a number > 0 and ≤ 1',
    );
  });
});

describe('neighbours', () => {
  test('are the nearest by angle, whatever the lengths, without the word itself', () => {
    // By hand: angles to 'east' of 10, 45 and 90 degrees.
    const at = (degrees: number, length: number) =>
      [Math.cos, Math.sin].map((f) => length * f((degrees * Math.PI) / 180));
    const words = ['north', 'east', 'near', 'between'];
    const data = [at(90, 9), at(0, 2), at(10, 0.1), at(45, 5)].flat();
    const neighbours = vectorNeighbours({ words, vectors: fromNumbers('float32', [4, 2], data) }, 2);
    expect(neighbours.of('East')).toEqual(['near', 'between']);
    expect(neighbours.of('nowhere')).toEqual([]);
    const all = vectorNeighbours({ words, vectors: fromNumbers('float32', [4, 2], data) }, 9);
    expect(all.of('east')).toEqual(['near', 'between', 'north']);
  });

  test('of a word of several pieces: the whole words nearest to the mean of their rows', async () => {
    const pieces = await readPieces(tokenizer);
    const ids = (word: string) => tokenizer.encodeRow(word).ids.filter((id) => !pieces.special.has(id));
    expect(ids('played')).toEqual(['play', '##ed'].map((piece) => VOCABULARY.indexOf(piece)));
    const [nearestWord] = pieceNeighbours(weights, pieces, ids, 3).of('played');
    // Witness: cosines of the plain mean of unit rows, written out.
    const table = weights['embeddings.word_embeddings.weight']?.data as Float32Array;
    const row = (id: number) => [...table.subarray(8 * id, 8 * id + 8)];
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    const unit = (a: number[]) => a.map((x) => x / Math.sqrt(dot(a, a)));
    const [p = [], q = []] = ids('played').map((id) => unit(row(id)));
    const mean = p.map((x, i) => x + (q[i] as number));
    const words = VOCABULARY.filter((name) => /^[a-z]+$/.test(name));
    const best = words.reduce((a, b) =>
      dot(unit(row(VOCABULARY.indexOf(b))), mean) > dot(unit(row(VOCABULARY.indexOf(a))), mean) ? b : a,
    );
    expect(nearestWord).toBe(best);
  });

  test('largestPlaces: as a stable sort has it', () => {
    expect(largestPlaces(Float32Array.of(1, 5, 5, -2, 7, 5), 3)).toEqual([4, 1, 2]);
    expect(largestPlaces(Float32Array.of(1, 2), 5)).toEqual([1, 0]);
  });
});
