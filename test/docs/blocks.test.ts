/** @file Commands of the pages have flags that exist, and their configs are read. */
import { describe, expect, test } from 'vitest';
import { normaliseArguments } from '../../src/cli/arguments.js';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { readConfig } from '../../src/cli/config/read-config.js';
import { readQuestion } from '../../src/export/question-file.js';
import { configFile } from '../cli/config/config-file.js';
import { blocksOf } from './page-blocks.js';

/** Why the commands of a page are not run by a test but only read; those of other pages are. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'README.md': 'the tutorial runs the same on the same file; the rest needs weights of the hub',
  'docs/ask.md': 'a language model behind an API',
  'docs/augment.md': 'weights of the hub',
  'docs/browser.md': 'a bundler of the reader',
  'docs/certificates.md': 'a trained student of the reader',
  'docs/checks.md': 'data of the reader',
  'docs/config.md': 'weights of the hub',
  'docs/data.md': 'data of the reader',
  'docs/distill.md': 'weights of the hub',
  'docs/export.md': 'trained students of the reader; test/cli exports others by the same flags',
  'docs/inference.md': 'trained students of the reader',
  'docs/many-machines.md': 'machines of the reader; test/cli shares an experiment by the same flags',
  'docs/methods/README.md': 'weights of the hub',
  'docs/methods/distilbert.md': 'weights of the hub',
  'docs/methods/well-read.md': 'weights of the hub',
  'docs/models.md': 'weights of the hub',
  'docs/multi-task.md': 'data sets that may not be copied',
  'docs/performance.md': 'benches take hours',
  'docs/playground.md': 'a server that runs until it is stopped; test/playground plays it',
  'docs/pretrain.md': 'hours',
  'docs/report.md': 'experiments of the reader; the tutorial reports one',
  'docs/results.md': 'recipes take hours, on data sets that may not be copied',
  'docs/serve.md': 'a server that runs until it is stopped; the tutorial starts one',
  'docs/teachers.md': 'a language model behind an API',
  'docs/train.md': 'weights of the hub',
};
/** By their slow tests. */
const RUN = [
  'docs/primer.md',
  'docs/tutorials/csv-to-one-file.md',
  'docs/tutorials/own-decisions.md',
  'docs/tutorials/reading-a-report.md',
];

const shell = blocksOf('sh');

/** The words of each call of retort, as a shell would split them. */
function callsIn(block: string): string[][] {
  const lines = block.replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line) => {
    const parts = [...line.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|(?<= |^)#.*|&&|\||>|[^\s"'|>&]+/g)].map(
      ([word]) => word,
    );
    const calls: string[][] = [];
    let call: string[] | undefined;
    for (const word of parts) {
      if (word.startsWith('#') || ['&&', '|', '>'].includes(word)) call = undefined;
      else if (word === 'retort' && call === undefined) {
        call = [];
        calls.push(call);
      } else call?.push(word.replaceAll(/^["']|["']$/g, ''));
      if (word.startsWith('#')) break;
    }
    return calls;
  });
}

const calls = [...shell].flatMap(([page, blocks]) =>
  blocks.flatMap(callsIn).map((words) => ({ page, line: `retort ${words.join(' ')}`, words })),
);

describe('commands', () => {
  test('of every page are run, or it is said why not', () => {
    expect([...shell.keys()].sort()).toEqual([...Object.keys(NOT_RUN), ...RUN].sort());
  });

  test('are found', () => expect(calls.length).toBeGreaterThan(80));

  test.each(calls)('$page: $line', ({ words: [name = '', ...rest] }) => {
    if (name.startsWith('--')) return;
    const usage = COMMANDS.map((command) => command.usage).find((one) => one.name === name.replaceAll('_', '-'));
    expect(usage?.name).toBeDefined();
    if (usage !== undefined) normaliseArguments(`retort ${name}`, usage.options, rest);
  });
});

describe('configs', () => {
  const configs = [...blocksOf('yaml')].flatMap(([page, blocks]) => blocks.map((text) => ({ page, text })));

  test.each(configs)('$page', async ({ page, text }) => {
    if (text.startsWith('# question.yaml')) {
      const asked = { labelNames: ['urgent', 'calm'], isRegression: false, isPair: false };
      expect(await readQuestion(configFile(text), asked)).toMatchObject({ instructions: expect.any(String) });
      return;
    }
    // A part of a config needs a task before it.
    const whole = /^task:/m.test(text) ? text : `task: { train: reviews.csv }\n${text}`;
    expect((await readConfig(configFile(whole))).entries.length, page).toBeGreaterThan(0);
  });
});
