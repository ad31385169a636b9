import { type Command as CommanderCommand, type Help, Option } from 'commander';
import { defaultText } from '../options/option-spec.js';
import type { CommandUsage, Example } from './command.js';
import { foldWords } from './fold-words.js';
import { type FlagSpec, flagName } from './options.js';
import type { Colors } from './terminal.js';

/** Below this width an item's description stands under its name instead of beside it. */
const SIDE_BY_SIDE_COLUMNS = 76;

/** Declares a command's flags and words to the parser, from its table. Values stay the strings that were written. */
export function declareOptions(target: CommanderCommand, usage: CommandUsage): void {
  for (const [key, spec] of Object.entries(usage.options)) {
    if (spec.kind === 'operand') {
      target.argument(`[${spec.placeholder}${spec.many ? '...' : ''}]`, spec.help);
    } else {
      target.addOption(
        new Option(`--${flagName(key, spec)}${valueText(spec)}`, describe(spec)).helpGroup(`${spec.group}:`),
      );
    }
  }
}

function valueText(spec: FlagSpec): string {
  switch (spec.kind) {
    case 'integer':
      return ' <int>';
    case 'number':
      return ' <number>';
    case 'portion':
      return ' <n>';
    case 'text':
      return ` <${spec.placeholder}>`;
    case 'choice':
      return isLong(spec.choices) ? ' <name>' : ` <${spec.choices.join('|')}>`;
    case 'yes-no':
      return ' <yes|no>';
    case 'fixed':
      return ' [value]';
    default:
      return '';
  }
}

/** Choices that would push all descriptions to the right stand among the words of their own. */
function isLong(choices: readonly string[]): boolean {
  return choices.join('|').length > 28;
}

function describe(spec: Exclude<FlagSpec, { kind: 'operand' }>): string {
  const choices = spec.kind === 'choice' && isLong(spec.choices) ? `${spec.choices.join(', ')}: ` : '';
  const help = `${choices}${spec.help}`;
  if ('required' in spec && spec.required) return `${help} [required]`;
  const text = spec.kind === 'fixed' ? undefined : defaultText(spec);
  return text === undefined ? help : `${help} [default: ${text}]`;
}

/** The look of all help pages: bold titles, and descriptions under their names on a narrow terminal. */
export function helpStyle(colors: Colors): Partial<Help> {
  return {
    minWidthToWrap: 20,
    styleTitle: (title) => colors.bold(title),
    formatItem(term, termWidth, description, helper) {
      const columns = helper.helpWidth ?? SIDE_BY_SIDE_COLUMNS;
      if (columns < SIDE_BY_SIDE_COLUMNS) {
        return `  ${term}\n${indent(helper.boxWrap(description, columns - 6), 6)}`;
      }
      const gap = ' '.repeat(Math.max(2, termWidth - helper.displayWidth(term) + 2));
      const left = termWidth + 4;
      return `  ${term}${gap}${indent(helper.boxWrap(description, columns - left), left).trimStart()}`;
    },
  };
}

function indent(text: string, columns: number): string {
  return text.replace(/^/gm, ' '.repeat(columns));
}

/** The foot of a help page: what each line does, then the line, ready to be pasted. */
export function examplesText(examples: readonly Example[], columns: number, colors: Colors): string {
  const blocks = examples.map(({ does, line }) => {
    const comment = foldWords(does.split(' '), columns - 4).map((words) => colors.dim(`  # ${words}`));
    return [...comment, shellLines(line, columns)].join('\n');
  });
  return `${colors.bold('Examples:')}\n${blocks.join('\n\n')}`;
}

/** Breaks a long command before flags with `\\`, so that it can still be pasted into a shell. */
function shellLines(line: string, columns: number): string {
  return `  ${foldWords(line.split(/ (?=--)/), columns - 6).join(' \\\n    ')}`;
}
