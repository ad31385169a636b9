import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ConfigUse } from '../../../src/cli/command.js';
import { distillUsage } from '../../../src/cli/commands/distill/usage.js';
import { trainUsage } from '../../../src/cli/commands/train/usage.js';
import { configured } from '../../../src/cli/config/configured.js';
import { OUTPUT, SECTIONS } from '../../../src/cli/config/keys.js';
import { readOptions } from '../../../src/cli/options.js';
import { MissingColumnError } from '../../../src/data/formats/table-rows.js';
import { FileError, OptionError } from '../../../src/errors/failures.js';
import { METHOD_SETTINGS } from '../../../src/experiments/distillation/evidence-settings.js';
import { configFile } from './config-file.js';
import { FLAG_ONLY } from './flag-only.js';

const CONFIG = `
task: { train: reviews.csv, label: stars }
teacher: { model: teacher, epochs: 3, learningRate: 1e-4 }
student: { layers: 2 }
method: { name: pkd, alpha: 0.9, beta: 100, scale: sum }
training: { epochs: 4, batchSize: 16 }
output: out
`;

function read(use: ConfigUse, text: string, flags: Readonly<Record<string, string | true>> = {}) {
  const file = configFile(text);
  const raw = { flags: new Map(Object.entries(flags)), operands: [file] };
  return configured(use, raw, file).then((result) => ({ ...result, folder: dirname(file) }));
}

describe('configured, for retort distill', () => {
  test('gives the options that the same flags would give', async () => {
    const { raw, folder, text } = await read('distill', CONFIG);
    const { values } = readOptions('retort distill', distillUsage.options, raw);
    const typed = readOptions('retort distill', distillUsage.options, {
      operands: [join(folder, 'reviews.csv')],
      flags: new Map([
        ...(Object.entries({ labelColumn: 'stars', teacher: 'teacher', teacherEpochs: '3', layers: '2' }) as [
          string,
          string,
        ][]),
        ...(Object.entries({ teacherLearningRate: '1e-4', method: 'pkd', alpha: '0.9' }) as [string, string][]),
        ...(Object.entries({ methodOptions: 'beta=100,scale=sum', epochs: '4', batchSize: '16' }) as [
          string,
          string,
        ][]),
        ['outputDir', join(folder, 'out')],
      ]),
    });
    expect(values).toEqual(typed.values);
    expect(text).toBe(CONFIG);
  });

  test('a flag wins; options of a method are added to those of the config', async () => {
    const { raw, notices } = await read('distill', CONFIG, { epochs: '1', methodOptions: 'beta=5', alpha: '0.1' });
    const { values } = readOptions('retort distill', distillUsage.options, raw);
    expect(values).toMatchObject({ epochs: 1, batchSize: 16, alpha: 0.1, methodOptions: 'beta=100,scale=sum,beta=5' });
    expect(notices).toEqual([]);
  });

  test('another teacher or method leaves the keys behind that were of the first, and says so', async () => {
    const { raw, notices } = await read('distill', CONFIG, { teacher: 'other', method: 'hinton' });
    const { values } = readOptions('retort distill', distillUsage.options, raw);
    expect(values).toMatchObject({ teacher: 'other', method: 'hinton' });
    expect([values.teacherEpochs, values.teacherLearningRate, values.alpha, values.methodOptions]).toEqual(Array(4));
    expect(notices).toEqual([
      '--teacher replaces the whole section teacher of the config',
      '--method replaces the whole section method of the config',
    ]);
    const same = await read('distill', CONFIG, { teacher: 'teacher', method: 'pkd' });
    expect([same.notices, same.raw.flags.get('teacherEpochs')]).toEqual([[], '3']);
  });

  test('what is wrong with an option names the line that set it, or the flag that did', async () => {
    const { located, folder } = await read('distill', CONFIG, { epochs: '1' });
    const at = (where: string) => (located(new OptionError({ where, wanted: 'x', got: 'y' })) as OptionError).where;
    expect(at('--layers')).toMatch(/yaml:4 student\.layers$/);
    expect(at('--layers, --epochs')).toMatch(/yaml:4 student\.layers, --epochs$/);
    expect(at('--teacher outputs')).toMatch(/yaml:3 teacher\.model outputs$/);
    expect(at('data')).toMatch(/yaml:2 task\.train$/);
    expect(at('--device')).toBe('--device');
    const other = new FileError({ where: '--layers', wanted: folder, got: 'y' });
    expect(located(other)).toBe(other);
  });

  test('a column that is missing is named with the line that asks for it', async () => {
    const { located } = await read('distill', CONFIG);
    const missing = (role: string) => {
      const where = 'reviews.csv:1';
      return new MissingColumnError(role, { where, wanted: "a column 'stars'", got: 'others', fix: 'look again' });
    };
    expect(String(located(missing('label')))).toMatch(
      /reviews.csv:1: wanted a column 'stars', as .*yaml:2 task\.label says, got others; look again$/,
    );
    const unset = missing('text');
    expect(located(unset)).toBe(unset);
  });

  test.each<[string, RegExp]>([
    ['teacher: t\n', /yaml: wanted a task with the name of a data set, .*got none; write task:/],
    ['task: { name: sst2 }\n', /yaml: wanted a teacher, got none; write teacher: FOLDER, or give --teacher/],
  ])('%j lacks something', async (text, message) => {
    await expect(read('distill', text)).rejects.toThrow(message);
  });
});

describe('configured, for retort train', () => {
  test('trains the teacher, where retort distill finds it', async () => {
    const { raw, folder } = await read('train', CONFIG);
    const { values } = readOptions('retort train', trainUsage.options, raw);
    expect(values).toMatchObject({
      data: join(folder, 'reviews.csv'),
      model: 'teacher',
      epochs: 3,
      learningRate: 1e-4,
    });
    expect(values).toMatchObject({ labelColumn: 'stars', seed: 1, outputDir: join(folder, 'out', 'teacher') });
    expect([values.layers, values.batchSize]).toEqual([undefined, undefined]);
  });

  test('with --student trains the student alone, beside the experiment', async () => {
    const { raw, folder } = await read('train', CONFIG, { student: true, seed: '7' });
    const { values } = readOptions('retort train', trainUsage.options, raw);
    expect(values).toMatchObject({ model: 'minilm-l6', layers: 2, epochs: 4, batchSize: 16, seed: 7 });
    expect(values.outputDir).toBe(join(folder, 'out-student-alone'));
  });

  test.each<[string, RegExp]>([
    [CONFIG.replace('epochs: 3, ', ''), /yaml teacher: wanted a model and epochs, to train it, got a model alone/],
    [CONFIG.replace('model: teacher, epochs: 3, learningRate: 1e-4', 'recorded: a.jsonl'), /got no model; .*--student/],
    [
      CONFIG.replace('epochs: 3,', 'epochs: 3, folds: 5,'),
      /yaml:\d+ teacher\.folds: wanted a teacher of one model, to train it here, got 5 folds, .*; run retort distill/,
    ],
    [CONFIG.replace('output: out', ''), /yaml: wanted output, the folder of the results, got none/],
  ])('a config that does not say how is refused', async (text, message) => {
    await expect(read('train', text)).rejects.toThrow(message);
  });
});

describe('configured, for retort compare and doctor', () => {
  test('compare gets the experiment, doctor the texts with their columns', async () => {
    const compared = await read('compare', CONFIG, { json: true });
    expect(compared.raw).toEqual({ operands: [join(compared.folder, 'out')], flags: new Map([['json', true]]) });
    const looked = await read('doctor', CONFIG);
    expect(looked.raw.operands).toEqual([join(looked.folder, 'reviews.csv')]);
    expect(Object.fromEntries(looked.raw.flags)).toEqual({
      labelColumn: 'stars',
      outputDir: join(looked.folder, 'out'),
    });
  });

  // The config of `retort init` trains its teacher first: without a model the doctor could not say that texts are cut.
  test('doctor gets the model that a teacher is to start from, and the teacher itself once it is there', async () => {
    const config = CONFIG.replace('model: teacher', 'model: minilm-l6');
    const before = await read('doctor', config);
    expect(before.raw.operands).toEqual([join(before.folder, 'reviews.csv'), 'minilm-l6']);
    const file = configFile(config);
    const trained = join(dirname(file), 'out', 'teacher');
    mkdirSync(trained, { recursive: true });
    const after = await configured('doctor', { flags: new Map(), operands: [file] }, file);
    expect(after.raw.operands).toEqual([join(dirname(file), 'reviews.csv'), trained]);
  });

  test('doctor gets the models of all folds, once the last of them is there', async () => {
    const file = configFile(CONFIG.replace('model: teacher, epochs: 3', 'model: minilm-l6, epochs: 3, folds: 2'));
    const folds = [1, 2].map((fold) => join(dirname(file), 'out', 'teacher', `fold-${fold}`));
    const looked = async () => (await configured('doctor', { flags: new Map(), operands: [file] }, file)).raw.operands;
    mkdirSync(folds[0] as string, { recursive: true });
    expect(await looked()).toEqual([join(dirname(file), 'reviews.csv'), 'minilm-l6']);
    mkdirSync(folds[1] as string);
    expect(await looked()).toEqual([join(dirname(file), 'reviews.csv'), ...folds]);
  });
});

describe('the keys of a config', () => {
  test('each option of retort distill has one, or is of a day and not of the experiment', () => {
    const keys = Object.values(SECTIONS).flatMap((section) => Object.values(section).map(({ option }) => option));
    const reached = new Set<string>([...keys, OUTPUT.option, ...Object.keys(METHOD_SETTINGS)]);
    const without = Object.keys(distillUsage.options).filter((option) => !reached.has(option));
    expect(without.toSorted()).toEqual(FLAG_ONLY.toSorted());
  });
});
