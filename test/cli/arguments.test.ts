import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseArguments } from '../../src/cli/arguments.js';
import type { OptionTable } from '../../src/cli/options.js';

const table = {
  fc1Size: { kind: 'integer', min: -5, help: '', group: '' },
  learningRate: { kind: 'number', help: '', group: '' },
  outputDir: { kind: 'text', placeholder: 'folder', help: '', group: '' },
  saveLast: { kind: 'switch', help: '', group: '' },
} as const satisfies OptionTable;
const withOperands = {
  ...table,
  texts: { kind: 'operand', placeholder: 'text', many: true, help: '' },
} as const satisfies OptionTable;

const words = (input: readonly string[], options: OptionTable = table) =>
  normaliseArguments('retort x', options, input).words;

describe('normaliseArguments', () => {
  const short = {
    ...table,
    textColumn: { kind: 'text', placeholder: 'name', aliases: ['text'], help: '', group: '' },
  } as const satisfies OptionTable;

  test('a shorter name of a flag stands for the flag', () => {
    expect(words(['--text', 'review', '—text=review'], short)).toEqual([
      '--text_column=review',
      '--text_column=review',
    ]);
  });

  // The last one won without a word: of --seed 1 … --seed 2 in a long line nobody knew which was run.
  test.each([
    [
      ['--fc1_size', '1', '--save_last', '--fc1-size=2'],
      "--fc1_size: wanted one value, got '1' and '2'; write the flag once",
    ],
    [['--text', 'review', '--text_column=title'], "--text_column: wanted one value, got 'review' and 'title'"],
    [['--learning_rate', '1', '—learning_rate', '−1'], "--learning_rate: wanted one value, got '1' and '-1'"],
  ])('%j gives one flag two values and is refused', (input, message) => {
    expect(() => words(input, short)).toThrow(message);
  });

  test.each([
    ['a folder whose name contains dashes', ['--output_dir', 'runs—2'], ['--output_dir=runs—2']],
    ['a folder whose name starts with a dash', ['--output_dir', '—runs'], ['--output_dir=—runs']],
    ['a dash as the whole value', ['--output_dir', '—', '--save_last'], ['--output_dir=—', '--save_last']],
    ['a glued value that looks like a flag', ['--output_dir=--save_last'], ['--output_dir=--save_last']],
    ['a glued value with = in it', ['--output_dir=a=b'], ['--output_dir=a=b']],
    ['a negative number', ['--fc1_size', '-1'], ['--fc1_size=-1']],
    ['a value with a line break', ['--output_dir=a\nb'], ['--output_dir=a\nb']],
    ['a dash after --', ['--', '—save_last', '--nonsense'], ['--', '—save_last', '--nonsense']],
  ])('leaves alone %s', (_what, input, expected) => {
    expect(normaliseArguments('retort x', table, input)).toEqual({ words: expected, sawTypographicDash: false });
  });

  test.each([
    ['an em dash glued to a flag', ['—save_last'], ['--save_last']],
    ['an en dash and a hyphen', ['–-save_last'], ['--save_last']],
    ['a dash, then a flag with its value', ['—', 'fc1_size=3'], ['--fc1_size=3']],
    ['a minus sign before a digit', ['--fc1_size', '−1'], ['--fc1_size=-1']],
    ['an exponent', ['--learning_rate=5e–3'], ['--learning_rate=5e-3']],
    ['a quoted dash with a blank', ['— save-last'], ['--save_last']],
    ['help', ['—help'], ['--help']],
  ])('reads %s as ASCII and says so', (_what, input, expected) => {
    expect(normaliseArguments('retort x', table, input)).toEqual({ words: expected, sawTypographicDash: true });
  });

  test('where words may stand, only a known flag after a dash is a flag', () => {
    expect(words(['—', 'he', 'said', '—What?', '—save_last'], withOperands)).toEqual([
      '—',
      'he',
      'said',
      '—What?',
      '--save_last',
    ]);
  });

  test.each([
    [['--fc1_sise', '3'], 'retort x: wanted a known flag, got --fc1_sise; did you mean --fc1_size?'],
    [['--fc1-sise=3'], 'retort x: wanted a known flag, got --fc1-sise; did you mean --fc1_size?'],
    [['—fc1_sise'], 'retort x: wanted a known flag, got --fc1_sise; did you mean --fc1_size?'],
    [['--rate', '3'], 'retort x: wanted a known flag, got --rate; did you mean --learning_rate?'],
    [['--quantum'], 'retort x: wanted a known flag, got --quantum; see retort x --help'],
    [['-o', 'x'], 'retort x: wanted a known flag, got -o; see retort x --help'],
    [['--fc1_size'], '--fc1_size: wanted an integer ≥ -5, got no value'],
    [['--fc1_size', '--save_last'], '--fc1_size: wanted an integer ≥ -5, got the next flag, --save_last'],
    [['--fc1_size', '—', 'save_last'], '--fc1_size: wanted an integer ≥ -5, got the next flag, —'],
    [
      ['--output_dir', '--odd'],
      '--output_dir: wanted a folder, got the next flag, --odd; write --output_dir=--odd if that is the value',
    ],
    [
      ['--save_last=yes'],
      "--save_last: wanted no value, got 'yes'; write the flag alone to turn it on, leave it out to turn it off",
    ],
  ])('%j is refused by name', (input, message) => {
    expect(() => words(input)).toThrow(message);
  });

  test('never loses or invents a word: an operand comes out as it went in', () => {
    const operand = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/^-/.test(text));
    fc.assert(
      fc.property(fc.array(operand), (texts) => {
        // Names of real flags after a typographic dash are too rare among random strings to matter here.
        expect(words(texts, withOperands)).toEqual(texts);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
