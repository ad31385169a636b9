import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAnyModel } from '../../src/models/any-model.js';
import { bilstm } from '../../src/models/bilstm.js';
import { weightsHash } from '../../src/models/saved-model.js';
import { loadTextModel, withNewHead } from '../../src/models/text-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { writeSmallEncoder } from '../cli/small-text-data.js';
import { words } from '../data/words.js';

const root = mkdtempSync(join(tmpdir(), 'retort-text-model-'));
const folder = join(root, 'encoder');
beforeAll(() => writeSmallEncoder(root));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const LABELS = ['bad', 'fair', 'good'];

describe('loadTextModel', () => {
  test('reads a folder with its tokenizer', async () => {
    const { name, model, tokenizer } = await loadTextModel(folder);
    expect(name).toBe(folder);
    expect(model.kind).toBe('bert');
    expect(tokenizer.encodeRow('good film').ids).toEqual(words.encodeRow('good film').ids);
  });
});

describe('withNewHead', () => {
  // witness: the loader, which reads the same encoder from disk and whose weights are held to those of transformers.
  test('is what the loader makes of the folder with a new head of that seed', async () => {
    const ours = withNewHead(await loadTextModel(folder), { labelNames: LABELS, seed: 3 });
    const theirs = await openAnyModel(folder, {
      head: 'classification',
      labelNames: LABELS,
      newHead: true,
      seed: 3,
    });
    // The folder has a pooler, which the loader keeps.
    expect(weightsHash(ours.weights)).toBe(weightsHash(theirs.weights));
    expect(ours.model.config).toEqual(theirs.model.config);
    expect(ours.labelNames).toEqual(LABELS);
  });

  test('draws another head for another seed, and keeps the encoder', async () => {
    const model = await loadTextModel(folder);
    const [first, second] = [1, 2].map((seed) => withNewHead(model, { labelNames: LABELS, seed }).weights);
    const changed = Object.keys(first ?? {}).filter((name) => {
      const [a, b] = [first?.[name]?.data, second?.[name]?.data];
      return a?.some((value, i) => value !== b?.[i]);
    });
    expect(changed).toEqual(['classifier.weight']);
  });

  test('a model without an encoder is refused', () => {
    const model = bilstm({ vocab_size: 12, embedding_size: 4, hidden_size: 3, dense_size: 4 });
    const given = { name: 'runs/words', model, weights: initialiseParameters(model.parameters, 1), labelNames: [] };
    expect(() => withNewHead({ ...given, tokenizer: words }, { labelNames: LABELS, seed: 1 })).toThrow(
      'runs/words: wanted an encoder, which takes a new head, got a bilstm',
    );
  });
});
