/** @file Flags of texts with a model of digits, where they would do nothing. */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { evaluateUsage, predictUsage } from '../../src/cli/commands/use/usage.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { flagName, type OptionTable } from '../../src/cli/options.js';
import { mlp } from '../../src/models/mlp.js';
import { saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { temporaryFolder } from '../files/processes.js';
import { memoryStream } from './memory-stream.js';

const root = temporaryFolder();
const digits = join(root, 'digits');

beforeAll(async () => {
  const model = mlp({ inputs: 784, hidden: [4], classes: 10 });
  const labelNames = Array.from({ length: 10 }, (_, digit) => String(digit));
  await saveModel(digits, { model, weights: initialiseParameters(model.parameters, 1), labelNames });
});

async function said(...words: string[]): Promise<string> {
  const stderr = memoryStream();
  const interruption = () => new AbortController().signal;
  const place = { stdin: new PassThrough(), stdout: memoryStream(), stderr, environment: {}, interruption };
  await runCommandLine(words, COMMANDS, place);
  return stderr.text();
}

/** Each flag of a command that stands under Texts on its help page, with a value other than its default. */
function textFlags(options: OptionTable): [flag: string, value: string][] {
  return Object.entries(options).flatMap(([name, spec]): [string, string][] => {
    if (!('group' in spec) || spec.group !== 'Texts') return [];
    const value = { choice: 'choices' in spec ? String(spec.choices.at(-1)) : '', 'yes-no': 'no', integer: '8' };
    return [[`--${flagName(name, spec)}`, (value as Record<string, string>)[spec.kind] ?? 'text']];
  });
}

describe('a model of digits', () => {
  test.each([
    ...textFlags(evaluateUsage.options).map((flag) => ['evaluate', ...flag] as const),
    ...textFlags(predictUsage.options).map((flag) => ['predict', ...flag] as const),
  ])('%s refuses %s', async (command, flag, value) => {
    expect(await said(command, digits, join(root, 'data'), flag, value)).toBe(
      `error: ${flag}: wanted a model of text, got a model of digits; leave the flag out\n`,
    );
  });

  test('a default that stands for itself is none of them', async () => {
    expect(await said('evaluate', digits, join(root, 'data'), '--bad_rows', 'stop')).toContain('the four IDX files');
  });
});
