import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkTopK, type KeptModel, keptName, type Monitor, rankKept } from '../../../src/training/run/kept-models.js';
import { removeKept } from '../../../src/training/run/remove-kept.js';

const ACCURACY: Monitor = { metric: 'accuracy', mode: 'max' };
const LOSS: Monitor = { metric: 'loss', mode: 'min' };

/** Epochs kept after each value has come in, and all that were dropped. */
function keep(values: readonly number[], k: number, monitor: Monitor): { kept: number[]; dropped: number[] } {
  let kept: readonly KeptModel[] = [];
  const dropped: number[] = [];
  for (const [i, value] of values.entries()) {
    const ranked = rankKept(kept, { name: keptName(i + 1, monitor, value), epoch: i + 1, value }, k, monitor);
    kept = ranked.kept;
    dropped.push(...ranked.dropped.map(({ epoch }) => epoch));
  }
  return { kept: kept.map(({ epoch }) => epoch), dropped };
}

describe('rankKept', () => {
  test.each<[number[], number, Monitor, { kept: number[]; dropped: number[] }]>([
    [[0.1, 0.3, 0.2], 1, ACCURACY, { kept: [2], dropped: [1, 3] }],
    [[0.1, 0.3, 0.2], 2, ACCURACY, { kept: [2, 3], dropped: [1] }],
    [[0.1, 0.3, 0.2], 5, ACCURACY, { kept: [1, 2, 3], dropped: [] }],
    [[0.1, 0.3, 0.2], -1, ACCURACY, { kept: [1, 2, 3], dropped: [] }],
    [[0.1, 0.3, 0.2], 1, LOSS, { kept: [1], dropped: [2, 3] }],
    [[0.5, 0.5, 0.5], 1, ACCURACY, { kept: [1], dropped: [2, 3] }],
    [[Number.NaN, 0.1, Number.NaN], 1, ACCURACY, { kept: [2], dropped: [1, 3] }],
    [[0.5, 0.5, 0.6], 2, ACCURACY, { kept: [1, 3], dropped: [2] }],
  ])('%j with k = %i by %j', (values, k, monitor, expected) => {
    expect(keep(values, k, monitor)).toEqual(expected);
  });

  test('an epoch that is done again after a resume replaces itself', () => {
    const model = { name: 'epoch=2-accuracy=0.3000.ckpt', epoch: 2, value: 0.3 };
    expect(rankKept([model], { ...model }, 2, ACCURACY).kept).toEqual([model]);
  });

  test('names tell epoch and value', () => {
    expect(keptName(2, ACCURACY, 0.92512)).toBe('epoch=2-accuracy=0.9251.ckpt');
  });

  test('k is a whole number from −1', () => {
    expect(() => checkTopK(-2)).toThrow('saveTopK: wanted an integer ≥ 0, or -1 for all, got -2');
    expect(() => checkTopK(0.5)).toThrow('got 0.5');
    for (const k of [-1, 0, 1]) expect(() => checkTopK(k)).not.toThrow();
  });
});

describe('removeKept', () => {
  const root = mkdtempSync(join(tmpdir(), 'retort-kept-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('removes a model with all its files, and minds none that is gone, as after a kill in between', async () => {
    const model = { name: keptName(1, ACCURACY, 0.5), epoch: 1, value: 0.5 };
    const path = join(root, model.name);
    mkdirSync(path);
    writeFileSync(join(path, 'model.safetensors'), '');
    await removeKept(root, model);
    expect(existsSync(path)).toBe(false);
    await removeKept(root, model);
  });
});
