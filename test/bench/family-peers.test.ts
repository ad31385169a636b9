import { describe, expect, test } from 'vitest';
import { type FamilyPeerRun, familyPeersCostTable, familyPeersTable, main } from '../../recipes/family-peers.recipe.js';

function run(changes: Partial<FamilyPeerRun>): FamilyPeerRun {
  return {
    peer: 'fasttext',
    set: 'trec',
    seed: 1,
    trained: 5452,
    scores: { test: { accuracy: 0.8 } },
    bytes: 3_500_000,
    seconds: 2,
    processorSeconds: 1,
    versions: {},
    ...changes,
  };
}

describe('familyPeersTable', () => {
  // Closed form: the mean of 80 and 90 is 85, their SD 10 / √2.
  test('has the mean of the seeds in percent and their SD, and nothing where nothing ran', () => {
    const runs = [
      run({ seed: 2, scores: { test: { accuracy: 0.9 } } }),
      run({}),
      run({ peer: 'tfidf-svm', set: 'mrpc', scores: { test: { accuracy: 0.7, f1: 0.812 } } }),
    ];
    expect(familyPeersTable(runs).trimEnd().split('\n').slice(2)).toEqual([
      '| scikit-learn, TF-IDF, `LinearSVC` |  |  |  |  | 70.0 | 81.2 |',
      '| `fasttext`, defaults |  |  | 85.0 ± 7.1 |  |  |  |',
    ]);
  });
});

describe('familyPeersCostTable', () => {
  test('has the medians of size and training by set, and the speed of the seed that was timed', () => {
    const speed = { p50Micros: 35143, p95Micros: 12.345, textsPerSecond: 12_345, machine: '' };
    const runs = [run({ speed }), run({ seed: 2, bytes: 4_500_000, processorSeconds: 3 }), run({ set: 'sst2' })];
    expect(familyPeersCostTable(runs).trimEnd().split('\n').slice(2)).toEqual([
      '| `fasttext`, defaults | SST-2 | 3.5 |  |  |  | 1.0 |',
      '| `fasttext`, defaults | TREC | 4.0 | 35,100 | 12.3 | 12,345 | 2.0 |',
    ]);
  });
});

describe('npm run recipe -- family-peers', () => {
  test('refuses peers and sets that it does not know', async () => {
    await expect(main(['--peers', 'fastext'])).rejects.toThrow(
      /^--peers: wanted some of tfidf-svm, .*, model2vec-tuned, got fastext$/,
    );
    await expect(main(['--sets', 'sst2,imdb'])).rejects.toThrow(
      '--sets: wanted some of sst2, trec, banking77, mrpc, got imdb',
    );
  });
});
