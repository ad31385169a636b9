import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors/failures.js';
import { bert } from '../../src/models/bert.js';
import { mlp } from '../../src/models/mlp.js';
import type { TrainedModel } from '../../src/models/model.js';
import { loadModel, modelHash, saveModel } from '../../src/models/saved-model.js';
import { MODELS } from '../../src/models/table.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { questionOf } from '../../src/options/question.js';
import { encodeSafetensors } from '../../src/tensor/safetensors.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const folder = join(root, 'model');
const config = join(folder, 'config.json');
const tensors = join(folder, 'model.safetensors');

const model = mlp({ inputs: 6, hidden: [4], classes: 3 });
const trained: TrainedModel = {
  model,
  weights: initialiseParameters(model.parameters, 1),
  labelNames: ['zero', 'one', 'two'],
  method: { name: 'hinton', options: { alpha: 0.8 } },
};

beforeEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await saveModel(folder, trained);
});

async function failure(path = folder): Promise<string> {
  const error = await loadModel(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CheckpointError);
  return String(error);
}

function edit(change: (json: { [key: string]: unknown }) => void): void {
  const json = JSON.parse(readFileSync(config, 'utf8'));
  change(json);
  writeFileSync(config, JSON.stringify(json));
  withoutManifest();
}

/** As a folder was before there were checksums of it. */
const withoutManifest = (): void => rmSync(join(folder, 'manifest.json'));

describe('saveModel and loadModel', () => {
  test('a model comes back as it was saved', async () => {
    const { model: loaded, weights, labelNames, method, contentHash } = await loadModel(folder);
    expect(weights).toEqual(trained.weights);
    expect([loaded.kind, loaded.config]).toEqual([model.kind, model.config]);
    expect([labelNames, method]).toEqual([trained.labelNames, trained.method]);
    expect(contentHash).toBe(modelHash(trained));
  });

  test('how its training file was read comes back, in a version that says so; without it older versions read it', async () => {
    const readAs = { text: 3, label: 1, header: false, delimiter: ';', labelMap: { 1: 'zero' } };
    const tasksReadAs = { rte: { pair: 'b' } };
    const version = () => JSON.parse(readFileSync(config, 'utf8')).version;
    expect(version()).toBe(1);
    expect(await loadModel(folder)).not.toHaveProperty('readAs');
    await saveModel(folder, { ...trained, readAs, tasksReadAs });
    expect(version()).toBe(2);
    expect(await loadModel(folder)).toMatchObject({ readAs, tasksReadAs, contentHash: modelHash(trained) });
    for (const wrong of [{ text: 0 }, { header: 'no' }, { labelMap: { 1: 2 } }, { name: 'a' }, [], 'text']) {
      edit((json) => Object.assign(json, { readAs: wrong }));
      expect(await failure()).toContain(
        'config.json: readAs: wanted a value written by retort, got no way to read a file',
      );
      await saveModel(folder, { ...trained, readAs });
    }
  });

  test('what its teacher was asked comes back, in a version that says so', async () => {
    const question = questionOf({ labelNames: ['zero', 'one', 'two'], instructions: 'Which digit?' });
    await saveModel(folder, { ...trained, question });
    expect(JSON.parse(readFileSync(config, 'utf8')).version).toBe(3);
    expect(await loadModel(folder)).toMatchObject({ question, contentHash: modelHash(trained) });
    edit((json) => Object.assign(json, { question: { ...question, type: 'essay' } }));
    expect(await failure()).toContain('config.json: question: wanted a value written by retort, got no question');
  });

  test('a BERT does too', async () => {
    const small = bert({
      vocab_size: 9,
      hidden_size: 4,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 4,
      max_position_embeddings: 5,
    });
    await saveModel(folder, { model: small, weights: initialiseParameters(small.parameters, 1), labelNames: [] });
    const loaded = await loadModel(folder);
    expect(loaded.model.config).toEqual(small.config);
    expect(loaded.method).toBeUndefined();
  });

  test('the hash depends on every weight and on the config, and on nothing else', async () => {
    const { weights } = trained;
    const bias = weights['fc1.bias'] ?? { dtype: 'float32', shape: [4], data: new Float32Array(4) };
    const other = { ...weights, 'fc1.bias': { ...bias, data: bias.data.map((v, i) => (i === 3 ? v + 1e-6 : v)) } };
    const hashes = [
      modelHash(trained),
      modelHash({ model, weights: other }),
      modelHash({ model: mlp({ inputs: 6, hidden: [4], classes: 3, mean: 0 }), weights }),
    ];
    expect(new Set(hashes).size).toBe(3);
    expect(modelHash({ model, weights: Object.fromEntries(Object.entries(weights).reverse()) })).toBe(hashes[0]);
  });

  test('a run folder is read through its last.ckpt; without one, what is there is named', async () => {
    const run = join(root, 'run');
    mkdirSync(run);
    await saveModel(join(run, 'last.ckpt'), trained);
    expect((await loadModel(run)).weights).toEqual(trained.weights);
    renameSync(join(run, 'last.ckpt'), join(run, 'epoch=2-accuracy=0.9000.ckpt'));
    expect(await failure(run)).toContain('got a folder with epoch=2-accuracy=0.9000.ckpt; name one of those');
  });

  test('what a kill between two renames left is found', async () => {
    renameSync(folder, join(root, '.model.retort-old'));
    expect((await loadModel(folder)).weights).toEqual(trained.weights);
    rmSync(join(root, '.model.retort-old'), { recursive: true });
  });

  describe('refused, with one message each', () => {
    test('nothing there', async () => {
      expect(await failure(join(root, 'none'))).toContain('wanted a checkpoint folder, got nothing of that name');
      expect(await failure(join(config, 'below-a-file'))).toContain('got nothing of that name');
      expect(await failure(join(root, 'none', 'deeper', 'last.ckpt'))).toContain('got nothing of that name');
    });

    test('a folder of something else', async () => {
      rmSync(config);
      expect(await failure()).toContain('got a folder without config.json');
    });

    test.each([
      ['a ZIP of torch.save', Buffer.from('504b0304', 'hex')],
      ['a pickle, protocol 2', Buffer.from('8002637472', 'hex')],
    ])('%s is a pickle, and what to do with it', async (_, bytes) => {
      const path = join(root, 'pytorch.ckpt');
      writeFileSync(path, bytes);
      const message = await failure(path);
      expect(message).toContain('got a pickle (torch.save), which can execute code when it is opened');
      expect(message).toContain('safetensors.torch.save_file');
    });

    test('another file, a device', async () => {
      expect(await failure(tensors)).toContain('got a file; name the folder with config.json and model.safetensors');
      expect(await failure('/dev/null')).toContain('got a device or pipe');
    });

    test('weights that are missing, cut off or changed', async () => {
      const bytes = readFileSync(tensors);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(tensors, bytes);
      expect(await failure()).toContain('the weights that config.json was written with, got others');
      truncateSync(tensors, 100);
      expect(await failure()).toContain('model.safetensors');
      rmSync(tensors);
      expect(await failure()).toContain('model.safetensors: wanted a readable safetensors file, got nothing');
    });

    test('a tensor of another shape names both', async () => {
      const bigger = mlp({ inputs: 6, hidden: [5], classes: 3 });
      writeFileSync(tensors, encodeSafetensors(initialiseParameters(bigger.parameters, 1)));
      expect(await failure()).toMatch(/tensor 'fc1\.weight': wanted float32\[4, 6\], got float32\[5, 6\]/);
    });

    test('a tensor too few, one too many', async () => {
      const { 'fc2.bias': bias, ...rest } = trained.weights;
      writeFileSync(tensors, encodeSafetensors(rest));
      expect(await failure()).toContain("tensor 'fc2.bias': wanted float32[3], got none of that name");
      writeFileSync(tensors, encodeSafetensors({ ...trained.weights, extra: bias ?? rest['fc1.bias'] ?? never() }));
      expect(await failure()).toContain("wanted the tensors of a mlp, got one named 'extra'");
    });

    test('a newer format', async () => {
      edit((json) => {
        json.version = 4;
        json.unheardOf = true;
      });
      expect(await failure()).toContain('wanted format version 3 or older, got version 4; use a newer retort');
    });

    test('a kind of model that does not exist here', async () => {
      edit((json) => {
        json.model = { kind: '__proto__', config: {} };
      });
      expect(await failure()).toContain(`model.kind: wanted ${Object.keys(MODELS).join(', ')}, got "__proto__"`);
    });

    test.each<[string, (json: { [key: string]: unknown }) => void, string]>([
      [
        'no format',
        (json) => {
          delete json.format;
        },
        'config.json: format',
      ],
      ['a key too many', (json) => Object.assign(json, { run: 'rm -rf' }), 'run'],
      [
        'sizes beyond sense',
        (json) => Object.assign(json, { model: { kind: 'mlp', config: { ...model.config, inputs: 1e12 } } }),
        'model.config: inputs',
      ],
      [
        'a width that is none',
        (json) => Object.assign(json, { model: { kind: 'mlp', config: { ...model.config, hidden: [0.5] } } }),
        'model.config: hidden.0',
      ],
      ['label names that are none', (json) => Object.assign(json, { labelNames: [1] }), 'labelNames.0'],
    ])('%s', async (_, change, named) => {
      edit(change);
      expect(await failure()).toContain(named);
    });

    test('no JSON', async () => {
      writeFileSync(config, '{"format": "retort-mo');
      expect(await failure()).toContain('config.json: wanted the file that was written');
      withoutManifest();
      expect(await failure()).toContain('config.json: wanted JSON, got invalid JSON');
    });
  });
});

function never(): never {
  throw new Error('no such tensor');
}
