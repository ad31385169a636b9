/** @file A packed student as text inside a JavaScript file, and back. */
import { FileError } from '../errors/failures.js';
import type { Packed } from './student.js';

/** The expression of a packed student, a line for each section. */
export function packedText({ facts, sections, checksum, checker }: Packed): string {
  const [length, text, ofText] = checker;
  return [
    `{ facts: ${literal(facts)}, checksum: ${checksum},`,
    `checker: [${length}, ${literal(text)}, ${ofText}], sections: [`,
    ...sections.map((section) => `${literal(section)},`),
    '] }',
  ].join('\n');
}

const BEGIN = /^const student = retort\.open\(\{ facts: (".*"), checksum: (\d+),$/mu;
const CHECKER = /^checker: \[(\d+), (".*"), (\d+)\], sections: \[$/mu;

/**
 * What `packedText` made, out of a file that `retort export --to js` wrote; nothing of it is run. Whether it is whole is told by
 * its checksum when it is opened.
 * @param where the file, for messages
 * @throws FileError for another file.
 */
export function packedIn(code: string, where: string): Packed {
  const begin = BEGIN.exec(code);
  const checker = begin && CHECKER.exec(code.slice(begin.index));
  if (!begin || !checker) {
    const fix = 'export it again: retort export MODEL --to js --output_dir DIR';
    throw new FileError({ where, wanted: 'a student that retort export --to js wrote', got: 'another file', fix });
  }
  const from = begin.index + checker.index + checker[0].length + 1;
  const end = code.indexOf('\n] }', from);
  const lines = code.slice(from, end).split('\n');
  return {
    facts: textOf(begin[1]),
    checksum: Number(begin[2]),
    checker: [Number(checker[1]), textOf(checker[2]), Number(checker[3])],
    sections: lines.map((line) => textOf(line.slice(0, -1))),
  };
}

/** A string in which no script element ends. */
function literal(text: string): string {
  return inAscii(JSON.stringify(text)).replaceAll('<', '\\x3c');
}

/** A pair of characters that begins with a backslash is read as one, so that `\\x3c` after another backslash stays. */
function textOf(written = ''): string {
  return String(JSON.parse(written.replace(/\\(?:x3c|.)/gsu, (pair) => (pair === '\\x3c' ? '<' : pair))));
}

/** Code whose strings alone have other characters: engines keep a file of ASCII in one byte a character. */
export function inAscii(code: string): string {
  return code.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
