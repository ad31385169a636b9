import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../../src/errors/failures.js';
import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { adam } from '../../../src/optim/adam.js';
import { encodeSafetensors } from '../../../src/tensor/safetensors.js';
import { readSafetensors } from '../../../src/tensor/safetensors-file.js';
import { runTraining } from '../../../src/training/run/run.js';
import { STATE_FORMAT } from '../../../src/training/run/run-files.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { temporaryFolder } from '../../files/processes.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const root = temporaryFolder();
const original = join(root, 'original');
const dir = join(root, 'run');
const inState = (name: string): string => join(dir, 'resume', name);

const options = (outputDir: string, more: Partial<RunOptions> = {}): RunOptions => ({
  model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }),
  method: supervised(),
  data: { train: blobs('train', 60) },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 2,
  batchSize: 8,
  seed: 3,
  threads: 1,
  outputDir,
  ...more,
});

beforeAll(async () => {
  const interruption = new AbortController();
  const onEvent = () => interruption.abort();
  await runTraining(options(original, { signal: interruption.signal, onEvent })).catch(() => {});
});

beforeEach(() => {
  rmSync(dir, { recursive: true, force: true });
  cpSync(original, dir, { recursive: true });
});

async function refusal(): Promise<string> {
  const error = await runTraining(options(dir, { resume: true })).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CheckpointError);
  return String(error);
}

function edit(change: (json: { [key: string]: unknown }) => void): void {
  const json = JSON.parse(readFileSync(inState('trainer.json'), 'utf8'));
  change(json);
  writeFileSync(inState('trainer.json'), JSON.stringify(json));
  withoutManifest();
}

/** As a state was before there were checksums of it. */
const withoutManifest = (): void => rmSync(inState('manifest.json'));

describe('the state of a run', () => {
  test('undamaged, it is taken up', async () => {
    expect((await runTraining(options(dir, { resume: true }))).status).toBe('finished');
  });

  test('of a newer format, it is refused as that', async () => {
    edit((json) => Object.assign(json, { version: STATE_FORMAT.version + 1, more: 1 }));
    expect(await refusal()).toContain(
      `trainer.json: wanted format version ${STATE_FORMAT.version} or older, got version ${STATE_FORMAT.version + 1}; use a newer retort`,
    );
  });

  test('begun by 0.1.0, which did not write down all that decides its numbers, it is refused as that', async () => {
    edit((json) => Object.assign(json, { version: 1, retort: '0.1.0' }));
    const error = await runTraining(options(dir, { resume: true })).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(
      'wanted a run started by retort 0.2.0 or later, which records all options, got one started by retort ' +
        '0.1.0; finish it with retort 0.1.0, or start over with --overwrite or in another place',
    );
  });

  test.each<[string, (json: { [key: string]: unknown }) => void, string]>([
    ['a step that is none', (json) => Object.assign(json, { step: -1 }), 'trainer.json: step'],
    ['a place in other data', (json) => Object.assign(json, { cursor: { epoch: 0, position: 3 } }), 'training state'],
    [
      'a kept model outside the folder',
      (json) => Object.assign(json, { kept: [{ name: '../../etc', epoch: 1, value: 1 }] }),
      'kept.0.name',
    ],
    ['something more', (json) => Object.assign(json, { __proto__x: 1 }), '__proto__x'],
  ])('with %s it is refused', async (_, change, named) => {
    edit(change);
    expect(await refusal()).toContain(named);
  });

  test('what was changed in it is refused, though it is well formed', async () => {
    const text = readFileSync(inState('trainer.json'), 'utf8');
    const changed = text.replace(/"loss":[\d.]+/, '"loss":0.0001');
    expect(changed).not.toBe(text);
    writeFileSync(inState('trainer.json'), changed);
    expect(await refusal()).toContain(
      'trainer.json: wanted the file that was written, as in manifest.json, got another',
    );
    writeFileSync(inState('trainer.json'), text.replaceAll('\n', '\r\n'));
    expect((await runTraining(options(dir, { resume: true }))).status).toBe('finished');
  });

  test('torn or missing files are named', async () => {
    truncateSync(inState('trainer.json'), 40);
    expect(await refusal()).toContain('trainer.json: wanted the file that was written');
    withoutManifest();
    expect(await refusal()).toContain('trainer.json: wanted JSON, got invalid JSON');
    rmSync(inState('trainer.json'));
    expect(await refusal()).toContain('trainer.json: wanted an existing file, got nothing of that name');
  });

  test('an optimiser that is missing, torn, changed or of another shape is refused', async () => {
    const path = inState('optimizer.safetensors');
    const { tensors } = await readSafetensors(path);
    const moment = tensors.get('fc1.bias.exp_avg');
    if (!(moment?.data instanceof Float32Array)) throw new Error('no such moment');
    moment.data[0] = 5;
    writeFileSync(path, encodeSafetensors(tensors));
    expect(await refusal()).toContain('the tensors that trainer.json was written with, got others');
    truncateSync(path, 50);
    expect(await refusal()).toContain('optimizer.safetensors');
    rmSync(path);
    expect(await refusal()).toContain('optimizer.safetensors: wanted a readable safetensors file, got nothing');
  });

  test('weights that were changed are refused', async () => {
    const bytes = readFileSync(inState('model.safetensors'));
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
    writeFileSync(inState('model.safetensors'), bytes);
    expect(await refusal()).toContain('the weights that config.json was written with');
  });
});
