/**
 * @file All that retort says to its users on one page, for a person to read in one go: `messages.snapshot.md`.
 * `npx vitest run test/architecture/messages.test.ts -u` writes it anew; read the difference before you commit it.
 */
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { methodHelp } from '../../src/cli/method-help.js';
import { METHODS } from '../../src/methods/table.js';
import { helpPage } from '../cli/help-page.js';
import { readSources } from './sources.js';
import { textsOf } from './texts.js';

/** Code in strings that nobody reads: a style sheet, a script for a worker. */
const CODE = ['report/page-style.ts', 'files/heartbeat.ts'];
const COLUMNS = 100;
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** By the line that prints them. */
async function helpPages(): Promise<ReadonlyMap<string, string>> {
  const commands = [[], ...COMMANDS.map(({ usage }) => [usage.name])].map(async (words) => {
    const line = [...words, '--help'];
    return [['retort', ...line].join(' '), await helpPage(line, COLUMNS)] as const;
  });
  const methods = Object.keys(METHODS).map((name) => {
    return [`… distill --method ${name} --help`, methodHelp(['--method', name], COLUMNS)] as const;
  });
  return new Map([...(await Promise.all(commands)), ...methods]);
}

/** Of each folder of `src/`: its errors, and what else it says that is on no help page. */
function textsByFolder(shown: string): ReadonlyMap<string, { errors: Set<string>; others: Set<string> }> {
  const folders = new Map<string, { errors: Set<string>; others: Set<string> }>();
  for (const [path, source] of readSources()) {
    if (CODE.includes(path)) continue;
    const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
    const found = folders.get(folder) ?? { errors: new Set(), others: new Set() };
    const { errors, others } = textsOf(path, source);
    for (const text of errors) found.errors.add(text);
    for (const text of others) if (!shown.includes(flat(text))) found.others.add(text);
    folders.set(folder, found);
  }
  return new Map([...folders].sort());
}

const list = (texts: ReadonlySet<string>): string[] => [...texts].sort().map((text) => `- ${text}`);

async function everyMessage(): Promise<string> {
  const pages = await helpPages();
  const help = [...pages].flatMap(([line, page]) => [`### ${line}`, `\`\`\`text\n${page.trimEnd()}\n\`\`\``]);
  const folders = textsByFolder(flat([...pages.values()].join('\n')));
  const parts = (title: string, of: 'errors' | 'others'): string[] => [
    `## ${title}`,
    ...[...folders].flatMap(([folder, texts]) => {
      const lines = list(texts[of]);
      return lines.length === 0 ? [] : [`### ${folder}/`, lines.join('\n')];
    }),
  ];
  return `${[
    '# What retort says',
    'Written by `npx vitest run test/architecture/messages.test.ts -u`. {…} is what the code puts in; {a | b} is one of both.',
    ...parts('Errors', 'errors'),
    '## Help pages',
    ...help,
    ...parts('Other texts', 'others'),
  ].join('\n\n')}\n`;
}

test('messages.snapshot.md has every text that the code has (if not: run this file with -u, read the diff)', async () => {
  await expect(await everyMessage()).toMatchFileSnapshot('messages.snapshot.md');
});

describe('textsOf', () => {
  const error = (source: string) => textsOf('planted.ts', source).errors;

  test.each([
    ["throw new E({ where: 'a', wanted: 'b c', got: String(d), fix: 'do it' });", 'a: wanted b c, got {…}; do it'],
    [
      'const fix = "do it"; throw new E({ where, wanted: `$' + '{n} rows`, got: "1", fix });',
      '{…}: wanted {…} rows, got 1; do it',
    ],
    [
      'const got = d ? "one row" : `two $' + '{d}`; f({ where: "a", wanted: e ?? "x", got });',
      'a: wanted {{…} | x}, got {one row | two {…}}',
    ],
    [
      "const fix = 'outside'; function f(fix: string) { g({ where: 'a b', wanted: 'c', got, fix }); }",
      'a b: wanted c, got {…}; {…}',
    ],
    ["const x = { ...rest, got: 'none' + ' at all' };", '{…}: wanted {…}, got none at all'],
  ])('%s', (source, sentence) => {
    expect(error(source)).toEqual([sentence]);
  });

  test('a text is in an error or among the others, and what is no text is in neither', () => {
    const source = `
      import { x } from 'a b';
      type T = 'two words';
      say('goes on', \`at \${x}\`); f('word', { help: 'the seed', html: html\`<p class="a b">\${x}</p>\` });
      f({ where: 'at home', wanted, got: given('a part', 'rows') });`;
    expect(textsOf('planted.ts', source)).toEqual({
      errors: ['at home: wanted {…}, got {…}'],
      others: ['goes on', 'at {…}', 'the seed', 'a part'],
    });
  });
});
