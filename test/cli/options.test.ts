import { describe, expect, expectTypeOf, test } from 'vitest';
import { mnistWithKdOptions } from '../../src/cli/commands/digits/usage.js';
import { type OptionTable, type OptionValues, readOptions, withShortForms } from '../../src/cli/options.js';
import type { Portion } from '../../src/options/option-spec.js';

const read = (flags: Readonly<Record<string, string | true>>) =>
  readOptions('retort mnist-with-kd', mnistWithKdOptions, {
    flags: new Map(Object.entries({ teacherModel: 't', ...flags })),
    operands: [],
  }).values;

describe('OptionValues', () => {
  test('types follow the table', () => {
    type Values = OptionValues<typeof mnistWithKdOptions>;
    expectTypeOf<Values['fc1Size']>().toEqualTypeOf<number>();
    expectTypeOf<Values['threads']>().toEqualTypeOf<number>();
    expectTypeOf<Values['teacherModel']>().toEqualTypeOf<string>();
    expectTypeOf<Values['predictionsFile']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Values['saveLast']>().toEqualTypeOf<boolean>();
    expectTypeOf<Values['limitTrainBatches']>().toEqualTypeOf<Portion>();
    // What a flag with fixed values says is nothing a command could act on.
    expectTypeOf<Values>().not.toHaveProperty('fp16');
  });
});

describe('readOptions', () => {
  test.each([
    ['fc1Size', '0', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', '4.5', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', '0x10', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', '4px', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', ' 4', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', '1e300', '--fc1_size: wanted an integer from 1 to 65536'],
    ['fc1Size', '', '--fc1_size: wanted an integer from 1 to 65536, got an empty value'],
    ['learningRate', '0', '--learning_rate: wanted a number > 0'],
    ['learningRate', '-1e-3', '--learning_rate: wanted a number > 0'],
    ['learningRate', 'nan', '--learning_rate: wanted a number > 0'],
    ['learningRate', '1e999', '--learning_rate: wanted a number > 0'],
    ['learningRate', '0,005', '--learning_rate: wanted a number > 0'],
    ['alphaForKd', '1.01', '--alpha_for_kd: wanted a number from 0 to 1'],
    ['alphaForKd', '-0.1', '--alpha_for_kd: wanted a number from 0 to 1'],
    ['temperatureForKd', '0', '--temperature_for_kd: wanted a number > 0'],
    ['temperatureForKd', '-20', '--temperature_for_kd: wanted a number > 0'],
    ['maxTrainSamples', '0', '--max_train_samples: wanted an integer ≥ 1, or -1 for all'],
    ['maxTrainSamples', '-2', '--max_train_samples: wanted an integer ≥ 1, or -1 for all'],
    ['saveTopK', '-2', '--save_top_k: wanted an integer ≥ -1'],
    ['seed', '4294967296', '--seed: wanted an integer from 0 to 4294967295'],
    ['threads', '0', '--threads: wanted an integer from 1 to 1024'],
    ['limitTrainBatches', '0', '--limit_train_batches: wanted a number of batches ≥ 1, or a fraction'],
    ['limitTrainBatches', '0.0', '--limit_train_batches: wanted a number of batches ≥ 1, or a fraction'],
    ['limitValBatches', '1.5', '--limit_val_batches: wanted a number of batches ≥ 0, or a fraction'],
    ['limitValBatches', '-1', '--limit_val_batches: wanted a number of batches ≥ 0, or a fraction'],
  ])('%s = "%s" is refused with the wanted range', (key, written, message) => {
    expect(() => read({ [key]: written })).toThrow(message);
  });

  test.each([
    ['fc1Size', '+4', 4],
    ['fc1Size', '1e2', 100],
    ['learningRate', '5e-3', 0.005],
    ['learningRate', '.5', 0.5],
    ['alphaForKd', '0', 0],
    ['alphaForKd', '1.', 1],
    ['maxTrainSamples', '-1', -1],
    ['saveTopK', '-1', -1],
    // witness: PyTorch Lightning, Trainer(limit_train_batches=...): an int counts batches, a float is a fraction
    ['limitTrainBatches', '1', { batches: 1 }],
    ['limitTrainBatches', '1.0', { fraction: 1 }],
    ['limitTrainBatches', '0.25', { fraction: 0.25 }],
    ['limitValBatches', '0', { batches: 0 }],
  ])('%s = "%s" is read as %j', (key, written, value) => {
    expect(read({ [key]: written })).toHaveProperty(key, value);
  });

  test('a missing required flag says how to get one', () => {
    expect(() => readOptions('retort x', mnistWithKdOptions, { flags: new Map(), operands: [] })).toThrow(
      '--teacher_model: wanted a folder, got nothing; ' +
        'train a teacher with retort mnist --save_last and give its OUTPUT_DIR/last.ckpt',
    );
  });

  test('a choice lists what there is', () => {
    const table = {
      by: { kind: 'choice', choices: ['accuracy', 'loss'], default: 'loss', help: '', group: '' },
    } as const satisfies OptionTable;
    const raw = (by: string) => ({ flags: new Map([['by', by]]), operands: [] });
    expect(readOptions('retort x', table, raw('accuracy')).values).toEqual({ by: 'accuracy' });
    expect(() => readOptions('retort x', table, raw('f1'))).toThrow("--by: wanted one of accuracy, loss, got 'f1'");
  });

  test('words without a flag fill the operands in order, and one too many is an error', () => {
    const table = {
      model: { kind: 'operand', placeholder: 'model', required: true, help: '' },
      data: { kind: 'operand', placeholder: 'data', help: '' },
    } as const satisfies OptionTable;
    const raw = (...operands: string[]) => readOptions('retort x', table, { flags: new Map(), operands });
    expect(raw('m').values).toEqual({ model: 'm', data: undefined });
    expect(raw('m', 'd').values).toEqual({ model: 'm', data: 'd' });
    expect(() => raw('m', 'd', 'e')).toThrow("retort x: wanted fewer arguments, got 'e'; see retort x --help");
    expect(() => raw()).toThrow('retort x: wanted a model, got nothing; see retort x --help');
  });

  test('contradicting switches are refused', () => {
    expect(() => read({ resume: true, overwrite: true })).toThrow(
      '--overwrite, --resume: wanted only one of them, got both',
    );
  });
});

describe('withShortForms', () => {
  const table = {
    seeds: { kind: 'integer', default: 5, help: '', group: '' },
    controls: { kind: 'text', placeholder: 'names', default: 'all', help: '', group: '' },
    quick: { kind: 'switch', shortFor: { seeds: '1', controls: 'none' }, help: '', group: '' },
  } as const satisfies OptionTable;
  const long = (flags: Readonly<Record<string, string | true>>) =>
    readOptions('retort x', table, withShortForms(table, { flags: new Map(Object.entries(flags)), operands: [] }))
      .values;

  test('a switch stands for the flags that it is short for, and without it they have their defaults', () => {
    expect(long({ quick: true })).toEqual({ seeds: 1, controls: 'none', quick: true });
    expect(long({ quick: true, seeds: '1' })).toEqual({ seeds: 1, controls: 'none', quick: true });
    expect(long({})).toEqual({ seeds: 5, controls: 'all', quick: false });
  });

  test('beside another value of such a flag it is refused', () => {
    expect(() => long({ quick: true, seeds: '3' })).toThrow(
      '--quick, --seeds: wanted only one of them, got both, with --seeds 3; leave one out: --quick is short for --seeds 1 --controls none',
    );
  });
});
