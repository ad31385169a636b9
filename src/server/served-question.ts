/** @file Which questions the student answers: its own, and those that the config says are the same in other words. */
import { readFile } from 'node:fs/promises';
import { questionHash } from '../certificates/question-hash.js';
import { OptionError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { parseJson } from '../files/stored-text.js';
import { isJsonObject, type Json } from '../options/json.js';
import {
  type Checked,
  checkedJson,
  either,
  list,
  mapOf,
  nullable,
  optional,
  strictObject,
  such,
  text,
} from '../options/json-checks.js';
import { criterionNames, NOUL_LABELS, type Question, questionOf } from '../options/question.js';
import type { AskedCriteria } from './typed-question.js';

/** A question as a request has it. */
export type AskedQuestion = {
  readonly type: string;
  readonly instructions: Json | undefined;
  /** In the order of the request. */
  readonly criteria: AskedCriteria;
};

/** How the asker calls the student's labels, in the order of its classes; of a regression the levels of its score. */
export type ServedLabels = readonly string[];

export type ServedQuestions = {
  readonly own: Question;
  /** Undefined for a question that is not served. */
  labelsOf(asked: AskedQuestion, isPair: boolean): ServedLabels | undefined;
  /** How a question that is not served differs from the own one. */
  difference(asked: AskedQuestion, isPair: boolean): string;
  /** The same, and what is served. */
  refusal(asked: AskedQuestion, isPair: boolean): string;
};

const said = either(text(0, 100_000), either(list(such('JSON', () => true)), mapOf(such('JSON', () => true))));
/** `labels`: from the label that is asked about to the student's, where they differ. */
const alias = strictObject({
  instructions: optional(said),
  criteria: mapOf(nullable(said)),
  labels: optional(mapOf(text(1))),
});
const ALIASES = list(alias, 1, 1000);
export type QuestionAlias = Checked<typeof alias>;

/** @throws FileError for a file that cannot be read, or is no list of questions. */
export async function readAliases(path: string): Promise<readonly QuestionAlias[]> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw inputFailure(error, path);
  }
  const fix = 'write [{ "instructions": "…", "criteria": { "label": null }, "labels": { "label": "the student\'s" } }]';
  return checkedJson(ALIASES, parseJson(content, path), path, fix);
}

/**
 * @param labels of the student, in the order of its classes
 * @throws OptionError for an alias that does not have exactly the student's labels.
 */
export function servedQuestions(
  own: Question,
  labels: readonly string[],
  aliases: readonly QuestionAlias[] = [],
): ServedQuestions {
  const ours = criterionNames(own, labels);
  const served = new Map<string, ServedLabels>([[questionHash(own), ours]]);
  // What went through JSON as an object has labels such as 10 and 2 in the order of their numbers.
  served.set(questionHash({ ...own, criteria: Object.entries(Object.fromEntries(own.criteria)) }), ours);
  for (const [i, { instructions, criteria, labels: names = {} }] of aliases.entries()) {
    const asked = Object.keys(criteria);
    const theirs = ours.map((label) => asked.find((one) => (names[one] ?? one) === label));
    const missing = ours.filter((_, c) => theirs[c] === undefined);
    if (missing.length > 0 || asked.length !== ours.length) {
      throw new OptionError({
        where: `alias ${i + 1}`,
        wanted: `the student's labels, or what stands for them in labels: ${ours.slice(0, 12).join(', ')}`,
        got: missing.length > 0 ? `none for ${missing.slice(0, 5).join(', ')}` : `${asked.length} labels`,
      });
    }
    for (const isPair of [false, true]) {
      const question = questionOf({
        type: own.type,
        // YAML and JSON do not say in which order true and false are asked about.
        labelNames: own.type === 'noul' ? NOUL_LABELS : asked,
        instructions: instructions as Json | undefined,
        criteria: criteria as Readonly<Record<string, Json>>,
        isPair,
      });
      served.set(questionHash(question), theirs as readonly string[]); // none is missing
    }
  }
  const formOf = ({ instructions, criteria }: AskedQuestion, isPair: boolean): Question =>
    questionOf({
      type: own.type,
      labelNames: criteria.map(([label]) => label),
      instructions,
      criteria: Object.fromEntries(criteria),
      isPair,
    });
  return {
    own,
    labelsOf: (asked, isPair) =>
      asked.type === own.type ? served.get(questionHash(formOf(asked, isPair))) : undefined,
    difference: (asked, isPair) => difference(asked, formOf(asked, isPair), own),
    refusal: (asked, isPair) =>
      `${difference(asked, formOf(asked, isPair), own)}; ${servedInWords(own, aliases.length)}`,
  };
}

function difference({ type }: AskedQuestion, asked: Question, own: Question): string {
  if (type !== own.type) return `a question of type ${type.slice(0, 60)}`;
  const [ours, theirs] = [own, asked].map(({ criteria }) => criteria.map(([label]) => label));
  if (JSON.stringify(ours?.toSorted()) !== JSON.stringify(theirs?.toSorted())) return 'other labels';
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
    return 'the labels in another order, which may be another question (alias it, if it is not)';
  }
  return asked.instructions === own.instructions ? 'other descriptions of the labels' : 'other instructions';
}

function servedInWords(own: Question, aliases: number): string {
  const more = aliases === 0 ? '' : ` (and ${aliases} aliases of it)`;
  const shown = JSON.stringify({ instructions: own.instructions, criteria: Object.fromEntries(own.criteria) });
  return `this server answers one ${own.type} question alone${more}: ${shown.length > 2000 ? `${shown.slice(0, 2000)}…` : shown}`;
}

export function isJson(value: unknown): value is Json {
  return (
    value === null ||
    ['string', 'number', 'boolean'].includes(typeof value) ||
    Array.isArray(value) ||
    isJsonObject(value)
  );
}
