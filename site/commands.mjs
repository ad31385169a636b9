/** @file A page for each command, from the tables that parsing and `--help` read; and all messages, from their snapshot. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, writePage } from './pages.mjs';

const built = (path) => import(pathToFileURL(join(ROOT, 'dist', path)).href);
const { COMMANDS } = await built('cli/commands/table.js');
const { flagName, wantedOf } = await built('cli/options.js');
const { defaultText } = await built('options/option-spec.js');

/** Text in a cell of a table, where no sign of it means anything. */
const cell = (text) =>
  text
    .replaceAll('|', '\\|')
    .replaceAll(/[<{*_]/g, (sign) => `&#${sign.codePointAt(0)};`)
    .replaceAll(/\s+/g, ' ');

function flagRow([key, spec]) {
  const usual = spec.kind === 'fixed' ? undefined : defaultText(spec);
  const given = 'required' in spec && spec.required ? 'required' : cell(usual ?? '');
  const takes = spec.kind === 'text' ? spec.placeholder : wantedOf(spec);
  return `| \`--${flagName(key, spec)}\` | ${cell(takes)} | ${given} | ${cell(spec.help)} |`;
}

function commandPage({ usage }) {
  const entries = Object.entries(usage.options);
  const operands = entries.filter(([, { kind }]) => kind === 'operand');
  const byGroup = new Map();
  for (const entry of entries.filter(([, { kind }]) => kind !== 'operand')) {
    byGroup.set(entry[1].group, [...(byGroup.get(entry[1].group) ?? []), entry]);
  }
  const words = operands.map(([, { placeholder, many, required }]) => {
    const name = `${placeholder}${many ? '...' : ''}`;
    return required ? `<${name}>` : `[${name}]`;
  });
  return `${[
    `# retort ${usage.name}`,
    cell(usage.description ?? usage.summary),
    `\`\`\`text\nretort ${[usage.name, ...words, '[options]'].join(' ')}\n\`\`\``,
    ...(operands.length === 0
      ? []
      : [
          [
            '| word | meaning |',
            '|---|---|',
            ...operands.map(([, { placeholder, help }]) => `| \`${placeholder}\` | ${cell(help)} |`),
          ].join('\n'),
        ]),
    '## Examples',
    ...usage.examples.map(({ does, line }) => `${cell(does)}:\n\n\`\`\`sh\n${line}\n\`\`\``),
    ...[...byGroup].flatMap(([group, flags]) => [
      `## ${group}`,
      ['| flag | takes | default | meaning |', '|---|---|---|---|', ...flags.map(flagRow)].join('\n'),
    ]),
  ].join('\n\n')}\n`;
}

export function writeCommandPages() {
  for (const command of COMMANDS) writePage(`reference/commands/${command.usage.name}.md`, commandPage(command));
  const list = COMMANDS.map(
    ({ usage }) => `| [\`retort ${usage.name}\`](./${usage.name}.md) | ${cell(usage.summary)} |`,
  );
  writePage(
    'reference/commands/index.md',
    `# Commands\n\nMade from the tables that the commands read: what \`retort COMMAND --help\` prints. Names may be written with\n\`-\` or with \`_\`.\n\n| command | does |\n|---|---|\n${list.join('\n')}\n`,
  );
}

/** The errors of the snapshot, by the part of the sources that says them. */
export function writeMessagesPage() {
  const snapshot = readFileSync(join(ROOT, 'test/architecture/messages.snapshot.md'), 'utf8');
  const errors = snapshot.split('\n## Errors\n')[1].split('\n## ')[0];
  const lines = errors
    .split('\n')
    .map((line) => (line.startsWith('- ') ? `- ${cell(line.slice(2))}` : line.replace(/^### (.*)\/$/, '## $1')));
  const intro =
    'Every error of retort: where, what was wanted, what came, and what to do. {…} is what it puts in, {a | b} one of\nboth. The ones that are met most are explained in [troubleshooting](../troubleshooting.md).';
  writePage('reference/messages.md', `# All messages\n\n${intro}\n${lines.join('\n')}\n`);
}
