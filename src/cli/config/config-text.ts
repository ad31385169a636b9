/** @file A proposal as a commented retort.yaml. */
import { stringify } from 'yaml';
import { foldWords } from '../fold-words.js';
import { shownLine } from '../terminal.js';
import { TOP_LEVEL } from './keys.js';
import type { ProposedLine, ProposedSection, ProposedValue } from './proposal.js';

const COLUMNS = 100;

/**
 * The file's text.
 * @param findings What was seen in the data, for the head of the file.
 * @param schema The JSON Schema's path from the config, for editors.
 */
export function configText(
  sections: readonly ProposedSection[],
  { findings, schema }: { readonly findings: readonly string[]; readonly schema: string },
): string {
  const head = [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    ...findings.flatMap((finding) => comment(finding, '')),
    '#',
    ...comment('A flag on the command line wins over a value here. Paths are relative to the folder of this file.', ''),
  ];
  return `${[...head, ...sections.flatMap((section) => ['', ...sectionLines(section)])].join('\n')}\n`;
}

function sectionLines({ section, value, why, lines }: ProposedSection): string[] {
  const title = comment(
    `${upper(TOP_LEVEL[section])}.${why === '' ? '' : ` ${why}`}`.replace(/ \[default: .*?\]/, ''),
    '',
  );
  if (value !== undefined) return [...title, `${section}: ${scalar(value)}`];
  return [...title, `${section}:`, ...lines.flatMap(valueLines)];
}

function valueLines({ key, value, why, isOff }: ProposedLine): string[] {
  return [...(why === '' ? [] : comment(why, '  ')), `  ${isOff ? '# ' : ''}${key}: ${scalar(value)}`];
}

/** Labels and columns of the data are in it: none of them ends the comment and says something of its own. */
function comment(text: string, indent: string): string[] {
  return foldWords(shownLine(text).split(' '), COLUMNS - indent.length - 2).map((line) => `${indent}# ${line}`);
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** On one line, in quotes where it would else be something different. */
function scalar(value: ProposedValue): string {
  if (typeof value === 'number') return value > 0 && value < 1e-3 ? value.toExponential() : String(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return stringify(value, { blockQuote: false, lineWidth: 0 }).trimEnd();
  return `[${value.map(scalar).join(', ')}]`;
}
