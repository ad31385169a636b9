import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors/failures.js';
import { encodeSafetensors } from '../../src/tensor/safetensors.js';
import { readSafetensors } from '../../src/tensor/safetensors-file.js';
import { fromNumbers } from '../../src/tensor/tensor.js';

const folder = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('readSafetensors', () => {
  test('reads a file from disk into aligned views', async () => {
    const path = join(folder, 'model.safetensors');
    const weight = fromNumbers('float64', [2, 2], [1, 2, 3, 4]);
    writeFileSync(path, encodeSafetensors({ weight }, { step: '3' }));
    const { tensors, metadata } = await readSafetensors(path);
    expect(tensors.get('weight')).toEqual(weight);
    expect(metadata.get('step')).toBe('3');
  });

  test('refuses a file of another size than its header says before it reads it', async () => {
    const path = join(folder, 'huge.safetensors');
    writeFileSync(path, encodeSafetensors({ weight: fromNumbers('uint8', [1], [1]) }));
    // Sparse: a reader that took it all in would need this much memory.
    truncateSync(path, 2 ** 42);
    await expect(readSafetensors(path)).rejects.toThrow(/huge\.safetensors: wanted 1 bytes of elements, got 4398/);
  });

  test.each([
    ['missing', 'none.safetensors', /wanted a readable safetensors file, got nothing of that name; check the path/],
    ['a folder', '.', /wanted a regular file, got a folder/],
  ])('names a path that is %s', async (_, name, message) => {
    const reading = readSafetensors(join(folder, name));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
  });

  test('refuses a device instead of waiting on it', async () => {
    await expect(readSafetensors('/dev/zero')).rejects.toThrow(/\/dev\/zero: wanted a regular file/);
  });
});
