/**
 * @file Options under codes: with many labels, a model is asked for a short code and not for the label's own words, so that
 * one or two tokens tell most of the distribution, whatever the labels are.
 */
import { OptionError } from '../../errors/failures.js';
import type { LabelWords } from './label-words.js';
import type { OptionNames } from './option-trie.js';

/** Without I and O: one begins a sentence (`I think …`), the other reads as a zero. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/**
 * A code for each option: a letter, or a number from 1 of one width for all, so that none begins another. Byte-level BPE
 * tokenizers of today have a token for numbers of up to three digits; others one for each digit.
 */
export function optionCodes(count: number): readonly string[] {
  if (count <= LETTERS.length) return [...LETTERS.slice(0, count)];
  const width = String(count).length;
  return Array.from({ length: count }, (_, i) => String(i + 1).padStart(width, '0'));
}

/** A line for each option: its code, label and description. */
export function optionLines(
  codes: readonly string[],
  labelNames: readonly string[],
  descriptions: Readonly<Record<string, string | null>> = {},
): string {
  return labelNames
    .map((label, i) => {
      const about = descriptions[label]?.replaceAll(/\s+/gu, ' ').trim() ?? '';
      return `${codes[i]}  ${label}${about === '' ? '' : `: ${about}`}`;
    })
    .join('\n');
}

/** The field of a structured reply that names the option. */
export const OPTION_FIELD = 'label';

/** Of OpenAI's structured outputs. */
const MAX_VALUES = 1000;

/**
 * As OpenAI's `response_format` has it: an object with one of these values, and nothing else.
 * @throws OptionError for more values than it takes.
 */
export function optionSchema(values: readonly string[]): object {
  if (values.length > MAX_VALUES) {
    const wanted = `at most ${MAX_VALUES} labels for structured replies`;
    throw new OptionError({ where: 'structured', wanted, got: String(values.length), fix: 'leave it out' });
  }
  return {
    type: 'json_schema',
    json_schema: {
      name: OPTION_FIELD,
      strict: true,
      schema: {
        type: 'object',
        properties: { [OPTION_FIELD]: { type: 'string', enum: values } },
        required: [OPTION_FIELD],
        additionalProperties: false,
      },
    },
  };
}

const OPENING = new RegExp(String.raw`^\s*\{\s*"${OPTION_FIELD}"\s*:\s*"`, 'u');
const WHOLE_OPENING = `{"${OPTION_FIELD}":"`;
/** Begins no option. */
const ELSEWHERE = '\uFFFF';

/** The characters of the value in a structured reply, or in its beginning; a reply without braces is taken as it is. */
export function structuredValue(text: string): string {
  const opened = OPENING.exec(text);
  if (opened !== null) return text.slice(opened[0].length);
  const bare = text.replaceAll(/\s+/gu, '');
  if (WHOLE_OPENING.startsWith(bare)) return '';
  return bare.startsWith('{') ? ELSEWHERE : text;
}

/** How structured replies name labels: their tokens cross the quotes around the value (`":"`, `"}`). */
export function structuredNames(words: LabelWords): OptionNames {
  return {
    count: words.count,
    begun: (text) => words.begun(structuredValue(text)),
    ableFrom: (letters) => words.ableFrom(letters),
    likelyFrom: (letters) => words.likelyFrom(letters),
    endedWith: (letters) => words.endedWith(letters),
  };
}
