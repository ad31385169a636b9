/** @file The help of `retort distill` states the methods and their options as the code has them. */
import { describe, expect, test } from 'vitest';
import { type OptionSpecs, wholeSpec } from '../../src/methods/define-method.js';
import { METHODS } from '../../src/methods/table.js';
import { wantedText } from '../../src/options/option-spec.js';
import { helpPage as help } from './help-page.js';

const flat = (text: string): string => text.replace(/\s+/g, ' ');

describe('retort distill --help', () => {
  test.each([[['distill', '--help']], [['help', 'distill']], [['distill', '-h']]])(
    '%j names every method',
    async (words) => {
      const [, methods = ''] = flat(await help(words)).split('Methods (--method): ');
      expect(methods.startsWith(`${Object.keys(METHODS).join(', ')}. The options of one:`)).toBe(true);
    },
  );

  test.each(Object.entries(METHODS))(
    'with --method %s, every option with range, default and help',
    async (name, method) => {
      const [, about = ''] = flat(await help(['distill', 'data.csv', '--method', name, '--help'])).split(
        `Options of method ${name} `,
      );
      const options: OptionSpecs = method.definition.options;
      for (const [option, given] of Object.entries(options)) {
        const spec = wholeSpec(given);
        expect(about).toContain(`${option} ${spec.help} (${wantedText(spec)}) [default: ${spec.default}]`);
      }
      if (Object.keys(options).length === 0) expect(about).toContain('none');
    },
  );

  test('its lines keep to the terminal', async () => {
    for (const name of Object.keys(METHODS)) {
      const [, about = ''] = (await help(['distill', `--method=${name}`, '--help'], 60)).split('\nOptions of method ');
      expect(about.split('\n').filter((line) => line.length > 60)).toEqual([]);
    }
  });

  test('other commands have no such part', async () => {
    expect(await help(['train', '--help'])).not.toContain('Methods (--method)');
  });
});
