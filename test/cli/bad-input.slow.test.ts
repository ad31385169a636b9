import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { idxFile } from '../data/idx-files.js';
import { retort, tree, workFolder, writeSmallMnist } from './command-line.js';

const folder = workFolder();
const path = (...parts: string[]): string => join(folder, ...parts);

const TRAIN = 'mnist --data_dir data --num_train_epochs 1 --save_last --output_dir';
const DISTIL =
  'mnist-with-kd --data_dir data --num_train_epochs 1 --fc1_size 4 --save_last --output_dir new --teacher_model';

beforeAll(() => {
  writeSmallMnist(path('data'));
  const trained = retort(`${TRAIN} teacher --save_top_k 0`, folder);
  if (trained.code !== 0) throw new Error(trained.stderr);
});

/**
 * One message and nothing else: no stack, nothing on stdout, nothing written. `spared` names what may be there after
 * it.
 */
function expectFailure(
  line: string,
  code: number,
  message: string | RegExp,
  { spared = [], ...settings }: { readonly spared?: readonly string[] } & Parameters<typeof retort>[2] = {},
): void {
  const before = tree(folder);
  const { code: ended, stdout, stderr } = retort(line, folder, settings);
  const said = stderr
    .trimEnd()
    .split('\n')
    .filter((text) => !text.startsWith('note: '));
  expect(said).toHaveLength(1);
  if (typeof message === 'string') expect(said[0]).toBe(`error: ${message}`);
  else expect(said[0]).toMatch(message);
  expect(said[0]).toMatch(/^error: .+: wanted .+, got /);
  expect({ ended, stdout }).toEqual({ ended: code, stdout: '' });
  expect(tree(folder).filter((name) => !spared.includes(name))).toEqual(before);
}

describe('flags', () => {
  test.each([
    ['an unknown one', '--learning_rat 0.1', /got --learning_rat; did you mean --learning_rate\?$/],
    ['a bad number', '--learning_rate fast', "--learning_rate: wanted a number > 0, got 'fast'"],
    ['a missing number', '--learning_rate', '--learning_rate: wanted a number > 0, got no value'],
    ['an integer with a fraction', '--fc1_size 4.5', "--fc1_size: wanted an integer from 1 to 65536, got '4.5'"],
    ['fewer labels than digits', '--num_labels 9', "--num_labels: wanted an integer from 10 to 65536, got '9'"],
    [
      '--n_gpu 1 where there is none',
      '--n_gpu 1',
      /^error: --n_gpu: wanted 0, because the runtime lists no GPU here.*; use --n_gpu 0 to train on the CPU$/,
    ],
    [
      'a device that is not there',
      '--device abacus',
      /^error: device 'abacus': wanted one of cpu.*, got an unknown device$/,
    ],
    [
      'predictions without an evaluation',
      '--predictions_file p.txt --limit_val_batches 0',
      /^error: --limit_val_batches: wanted at least one batch/,
    ],
    [
      'a portion below a batch',
      '--limit_train_batches 0.01',
      /^error: --limit_train_batches: wanted a fraction of at least one batch, got 0.01 of 10/,
    ],
    ['--resume with --overwrite', '--resume --overwrite', /only one of them, got both/],
  ])('%s is exit code 2', (_what, flags, message) => {
    expectFailure(`${TRAIN} new ${flags}`, 2, message);
  });

  test('more than the memory holds is exit code 2', () => {
    expectFailure(
      `${TRAIN} vast --train_batch_size 65536 --gradient_accumulation_steps 65536`,
      2,
      /^error: memory: wanted a model and batches that fit into memory, got an allocation failure \(.*\); choose a smaller batch or model$/,
      { spared: ['vast'] },
    );
  });

  test.each([
    ['--temperature_for_kd 0', "--temperature_for_kd: wanted a number > 0, got '0'"],
    ['--temperature_for_kd -4', "--temperature_for_kd: wanted a number > 0, got '-4'"],
    ['--alpha_for_kd 1.5', "--alpha_for_kd: wanted a number from 0 to 1, got '1.5'"],
    ['--alpha_for_kd -0.1', "--alpha_for_kd: wanted a number from 0 to 1, got '-0.1'"],
  ])('%s is exit code 2', (flags, message) => {
    expectFailure(`${DISTIL} teacher/last.ckpt ${flags}`, 2, message);
  });
});

describe('data', () => {
  const IMAGES = 'train-images-idx3-ubyte';
  const LABELS = 'train-labels-idx1-ubyte';
  /** A copy of the good folder in which one file is another. */
  function spoilt(name: string, change: (bytes: Buffer) => Buffer): string {
    const data = path('spoilt');
    cpSync(path('data'), data, { recursive: true });
    writeFileSync(join(data, name), change(readFileSync(join(data, name))));
    return 'mnist --data_dir spoilt --output_dir new';
  }

  test.each([
    [
      'truncated',
      IMAGES,
      (bytes: Buffer) => bytes.subarray(0, 5000),
      /wanted 501776 bytes for the shape \[640, 28, 28\] in its header, got 5000/,
    ],
    [
      'without a whole header',
      IMAGES,
      (bytes: Buffer) => bytes.subarray(0, 7),
      /wanted an IDX header of 16 bytes, got a file of 7 bytes/,
    ],
    ['empty', IMAGES, () => Buffer.alloc(0), /got a file of 0 bytes/],
    ['of wrong magic', IMAGES, () => Buffer.from('<!DOCTYPE html><html>'), /first bytes 3c 21 44 4f/],
    [
      'lying about its size',
      IMAGES,
      (bytes: Buffer) => {
        bytes.writeUInt32BE(0xffffffff, 4);
        return bytes;
      },
      /wanted \d+ bytes for the shape \[4294967295, 28, 28\]/,
    ],
    [
      'of other images',
      IMAGES,
      () => idxFile([640, 32, 32], Buffer.alloc(640 * 1024)),
      /wanted images of shape \[28, 28\], got \[32, 32\]/,
    ],
    [
      'with a label out of range',
      LABELS,
      (bytes: Buffer) => {
        bytes[8 + 17] = 10;
        return bytes;
      },
      /wanted labels from 0 to 9, got 10 at index 17/,
    ],
    [
      'with a label too few',
      LABELS,
      () => idxFile([639], Buffer.alloc(639)),
      /wanted 639 images, one for each label in .*, got 640 images/,
    ],
  ] as const)('a file %s is exit code 1', (_what, name, change, message) => {
    const line = spoilt(name, change);
    expectFailure(line, 1, message);
  });

  test('a folder with some of the files is an error naming the others', () => {
    mkdirSync(path('some'));
    writeFileSync(path('some', LABELS), idxFile([1], [1]));
    expectFailure(
      'mnist --data_dir some --output_dir new',
      1,
      /got a folder without train-images-idx3-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; /,
    );
  });

  test('what predict is given has to be images of this size', () => {
    writeFileSync(path('large'), idxFile([1, 32, 32], Buffer.alloc(1024)));
    writeFileSync(path('none'), idxFile([0, 28, 28], []));
    const predict = 'predict teacher/last.ckpt';
    expectFailure(`${predict} large`, 1, 'large: wanted images of shape [28, 28], got [32, 32]');
    expectFailure(`${predict} none`, 1, 'none: wanted at least one image, got none');
    expectFailure(`${predict} data/${LABELS}`, 1, /wanted an IDX file of unsigned bytes with 3 dimensions/);
    expectFailure(
      `${predict} missing`,
      1,
      'missing: wanted an existing file, got nothing of that name; check the path',
    );
    expectFailure(`${predict} -`, 1, /^error: stdin: wanted an IDX header of 16 bytes, got a file of 0 bytes/);
    expectFailure(`${predict} -`, 1, /^error: stdin: wanted a whole gzip file, got one that is truncated or damaged/, {
      input: Buffer.from('1f8b0800', 'hex'),
    });
    expectFailure(
      predict,
      2,
      /^error: retort predict: wanted IDX files of images after the model, or - for stdin, got none/,
    );
  });
});

describe('checkpoints', () => {
  const WEIGHTS = 'model.safetensors';
  type Change = (checkpoint: string) => void;
  const patchJson =
    (change: (config: { model: { kind: string; config: { hidden: number[] } }; version: number }) => void): Change =>
    (checkpoint) => {
      const file = join(checkpoint, 'config.json');
      const config = JSON.parse(readFileSync(file, 'utf8'));
      change(config);
      writeFileSync(file, JSON.stringify(config));
    };
  const patchWeights =
    (change: (bytes: Buffer) => Buffer): Change =>
    (checkpoint) => {
      const file = join(checkpoint, WEIGHTS);
      writeFileSync(file, change(readFileSync(file)));
    };
  /** Rewrites the JSON header of the safetensors file; the elements stay. */
  const patchHeader = (change: (header: Record<string, { data_offsets: number[]; shape: number[] }>) => void): Change =>
    patchWeights((bytes) => {
      const length = Number(bytes.readBigUInt64LE(0));
      const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
      change(header);
      const text = Buffer.from(JSON.stringify(header));
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([prefix, text, bytes.subarray(8 + length)]);
    });

  test.each<[string, Change, RegExp]>([
    [
      'whose tensors do not fit its config',
      patchJson((config) => {
        config.model.config.hidden = [8];
      }),
      /tensor 'fc1.weight': wanted float32\[8, 784\], got float32\[16, 784\]/,
    ],
    [
      'of a newer format',
      patchJson((config) => {
        config.version = 99;
      }),
      /wanted format version 3 or older, got version 99/,
    ],
    [
      'of an unknown kind',
      patchJson((config) => {
        config.model.kind = 'gru';
      }),
      /model.kind: wanted .*mlp.*, got "gru"/,
    ],
    [
      'of absurd size',
      patchJson((config) => {
        config.model.config.hidden = [1e12];
      }),
      /hidden/,
    ],
    [
      'with a torn file of weights',
      (checkpoint) => truncateSync(join(checkpoint, WEIGHTS), 20_000),
      /model.safetensors/,
    ],
    [
      'with another bit in its weights',
      patchWeights((bytes) => {
        bytes[bytes.length - 1]! ^= 1;
        return bytes;
      }),
      /SHA-256 differs/,
    ],
    [
      'with a hostile header length',
      patchWeights((bytes) => {
        bytes.writeBigUInt64LE(2n ** 63n, 0);
        return bytes;
      }),
      /model.safetensors/,
    ],
    [
      'with overlapping tensors',
      patchHeader((header) => {
        header['fc2.bias']!.data_offsets = [0, 40];
      }),
      /model.safetensors/,
    ],
    [
      'with a lying shape',
      patchHeader((header) => {
        header['fc1.weight']!.shape = [2 ** 31, 2 ** 31];
      }),
      /model.safetensors/,
    ],
    [
      'without its config',
      (checkpoint) => execFileSync('rm', [join(checkpoint, 'config.json')]),
      /wanted .*, got a folder without config.json/,
    ],
    [
      'with a config that is no JSON',
      (checkpoint) => writeFileSync(join(checkpoint, 'config.json'), '{"format'),
      /config.json: wanted JSON/,
    ],
  ])('one %s is exit code 1, for a teacher and for evaluate', (_what, change, message) => {
    const checkpoint = path('spoilt.ckpt');
    execFileSync('rm', ['-rf', checkpoint]);
    cpSync(path('teacher', 'last.ckpt'), checkpoint, { recursive: true });
    // As a folder without checksums: what was changed is found all the same.
    execFileSync('rm', [join(checkpoint, 'manifest.json')]);
    change(checkpoint);
    expectFailure(`${DISTIL} spoilt.ckpt`, 1, message);
    expectFailure('evaluate spoilt.ckpt data', 1, message);
  });

  test('one that is missing, a file, or a pickle is exit code 1', () => {
    writeFileSync(path('weights.pt'), Buffer.from('504b0304', 'hex'));
    expectFailure(`${DISTIL} nowhere`, 1, /^error: nowhere: wanted .*, got nothing of that name; check the path/);
    expectFailure(`${DISTIL} weights.pt`, 1, /got a pickle \(torch\.save\)/);
    expectFailure('evaluate data data', 1, /got a folder without config.json/);
  });

  test('a teacher with more hidden units than the student is welcome', () => {
    const { code, stdout } = retort(`${DISTIL.replace('--output_dir new', '--output_dir student')} teacher`, folder);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^accuracy .* on 200 test images/) });
  });

  test('a teacher of other classes is named', () => {
    expectFailure(
      `${DISTIL} teacher --num_labels 12`,
      1,
      /^error: teacher teacher.*: wanted 12 classes, as the student has, got 10/,
    );
  });
});

describe('output', () => {
  test('a path below a regular file is exit code 1', () => {
    expectFailure(
      `${TRAIN} teacher/metrics.json/run`,
      1,
      /^error: teacher\/metrics.json\/run: wanted a path through folders, got a file at /,
    );
    expectFailure(
      `${TRAIN} new --predictions_file teacher/metrics.json/p.txt`,
      1,
      /^error: teacher\/metrics.json\/p.txt: wanted .*, got a file at /,
    );
    expectFailure(
      `${TRAIN} new --predictions_file data`,
      1,
      'data: wanted a file name, got a folder of that name; choose another name',
    );
    expectFailure(`${TRAIN} new --predictions_file nowhere/p.txt`, 1, /got no folder .*nowhere; create it first$/);
  });

  test('a folder with an earlier run is exit code 1', () => {
    expectFailure(
      `${TRAIN} teacher`,
      1,
      /wanted a new or empty output folder, got one with last.ckpt, log.jsonl, metrics.json; pass --resume/,
    );
  });

  test('a folder in use is exit code 1', () => {
    mkdirSync(path('used'));
    const held = `import { claimOutputFolder } from ${JSON.stringify(new URL('../../dist/files/output-folder.js', import.meta.url).href)};
      import { spawnSync } from 'node:child_process';
      await claimOutputFolder('used');
      const [command, ...words] = process.argv.slice(1);
      const { status, stderr } = spawnSync(command, words);
      process.stdout.write(status + ' ' + stderr);`;
    const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
    const said = execFileSync(
      process.execPath,
      ['--input-type=module', '-e', held, process.execPath, main, ...`${TRAIN} used`.split(' ')],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(said).toMatch(/^1 (note: .*\n)?error: used: wanted .*, got .*process \d+/);
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk for the predictions is exit code 1; the model is kept', () => {
    const { code, stderr } = retort(`${TRAIN} full --save_top_k 0 --predictions_file /dev/full`, folder);
    expect(stderr).toMatch(
      /\nerror: \/dev\/full: wanted free space on the disk, got a full disk \(ENOSPC\); free some space or write elsewhere\n$/,
    );
    expect(code).toBe(1);
    expect(tree(path('full'))).toEqual([
      'last.ckpt',
      'last.ckpt/config.json',
      'last.ckpt/manifest.json',
      'last.ckpt/model.safetensors',
      'log.jsonl',
      'metrics.json',
    ]);
  });

  test('a full disk for the run is exit code 1, and no file is half there', (context) => {
    const disk = path('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      context.skip('needs the right to mount');
    }
    try {
      const { code, stdout, stderr } = retort(`${TRAIN} disk/run --fc1_size 64`, folder);
      expect(stderr).toMatch(
        /\nerror: disk\/run\/.*: wanted free space on the disk, got a full disk \(ENOSPC\); free some space or write elsewhere\n$/,
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(tree(join(disk, 'run'))).toEqual(['log.jsonl']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('a diverging learning rate', () => {
  test('names step and batch, and the state before it is kept', () => {
    const { code, stdout, stderr } = retort(`${TRAIN} wild --learning_rate 1e30`, folder);
    expect(stderr).toMatch(
      /\nerror: step \d+ \(epoch 1, batch of rows [\d, …]+\): wanted a finite loss and gradient, got loss .*; lower the learning rate \(it is 1e\+30\) or clip gradients; the state before this step is in wild\/resume\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(tree(path('wild'))).toEqual(expect.arrayContaining(['resume/model.safetensors', 'resume/trainer.json']));
  });
});
