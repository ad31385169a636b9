import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { smallerVocabulary } from '../../src/tokenizers/smaller-vocabulary.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { minilmTest } from './minilm-test.js';
import { fixture, tokenizerJson } from './tokenizer-files.js';

type Case = { readonly size: number; readonly kept: readonly number[]; readonly ids: readonly (readonly number[])[] };

// Witness: Python's `tokenizers` over a vocabulary cut by Python, through make_smaller_fixture.py.
const { corpus, cases } = JSON.parse(readFileSync(new URL('smaller.hugging-face.json', import.meta.url), 'utf8')) as {
  readonly corpus: readonly string[];
  readonly cases: readonly Case[];
};
const root = temporaryFolder();
const texts = fixture.uncased.map(([text]) => text);

async function opened(name: string, files: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [file, json] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(json));
  return loadTokenizer(folder);
}

describe('smallerVocabulary', () => {
  let whole: Tokenizer;
  beforeAll(async () => {
    whole = await opened('whole', { 'tokenizer.json': tokenizerJson() });
  });

  test.each(cases.map((each) => [each.size, each] as const))(
    'of %i pieces: the pieces and the ids are those of Python, also when loaded from its files',
    async (size, { kept, ids }) => {
      const smaller = await smallerVocabulary(whole, corpus, size);
      expect(smaller.kept).toEqual(kept);
      const files = Object.fromEntries([...smaller.tokenizer.files].map(([name, text]) => [name, JSON.parse(text)]));
      for (const one of [smaller.tokenizer, await opened(`smaller-${size}`, files)]) {
        expect(one.vocabularySize).toBe(kept.length);
        const differing = texts.filter((text, i) => one.encodeRow(text).ids.join() !== ids[i]?.join());
        expect(differing).toEqual([]);
      }
    },
  );

  test('ids of special tokens are renumbered wherever files have them', async () => {
    const { post_processor: _, ...json } = tokenizerJson();
    const idOf = (json.model as { vocab: Record<string, number> }).vocab;
    const [cls, sep, pad] = ['[CLS]', '[SEP]', '[PAD]'].map((token) => idOf[token] as number);
    const special = (token: string, id: number | undefined) => ({ [token]: { id: token, ids: [id], tokens: [token] } });
    const item = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
    const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
    const single = [item('[CLS]', 0), text('A', 0), item('[SEP]', 0)];
    const template = {
      type: 'TemplateProcessing',
      single,
      pair: [...single, text('B', 1), item('[SEP]', 1)],
      special_tokens: { ...special('[CLS]', cls), ...special('[SEP]', sep) },
    };
    const tokenizer = await opened('everywhere', {
      'tokenizer.json': { ...json, post_processor: template, padding: { pad_id: pad, pad_token: '[PAD]' } },
      'tokenizer_config.json': { pad_token: '[PAD]', added_tokens_decoder: { [String(cls)]: { content: '[CLS]' } } },
    });
    const smaller = await smallerVocabulary(tokenizer, corpus, 40);
    const now = (old: number | undefined) => smaller.kept.indexOf(old as number);
    const files = [...smaller.tokenizer.files.values()].map((file) => JSON.parse(file));
    expect(files[0].post_processor.special_tokens['[SEP]'].ids).toEqual([now(sep)]);
    expect(files[0].padding.pad_id).toBe(now(pad));
    expect(files[1].added_tokens_decoder).toEqual({ [now(cls)]: { content: '[CLS]' } });
    const [first, ...rest] = smaller.tokenizer.encodeRow('it', 'it').ids;
    expect([first, rest.at(-1), rest.indexOf(now(sep))]).toEqual([now(cls), now(sep), (rest.length - 2) / 2]);
  });

  test('a size that special tokens fill, and a tokenizer of another kind, are refused', async () => {
    await expect(smallerVocabulary(whole, corpus, 5)).rejects.toThrow(
      'vocabulary_size: wanted an integer ≥ 6: 5 special tokens and a piece, got 5',
    );
    const roberta = await opened('roberta', { 'tokenizer.json': JSON.parse(fixture.roberta.json) });
    await expect(smallerVocabulary(roberta, corpus, 100)).rejects.toThrow(
      'vocabulary_size: wanted a tokenizer of WordPiece, got BPE',
    );
  });

  minilmTest('a word whose piece is gone is cut into smaller ones, or unknown', async (path) => {
    const own = await loadTokenizer(path);
    const { tokenizer } = await smallerVocabulary(own, ['nolans', 'maker'], 20);
    const [nolan, s] = tokenizer.encodeRow('nolans').ids.slice(1, -1);
    const [maker] = tokenizer.encodeRow('maker').ids.slice(1, -1);
    // The whole vocabulary has a piece for it.
    expect(own.encodeRow('makers').ids).toHaveLength(3);
    expect(tokenizer.encodeRow('makers').ids.slice(1, -1)).toEqual([maker, s]);
    expect(tokenizer.encodeRow('film').ids.slice(1, -1)).toEqual([tokenizer.unknownId]);
    expect(nolan).not.toBe(tokenizer.unknownId);
  });
});
