/** @file A question as somebody writes it down for a student that has learnt labels alone: YAML or JSON. */
import { OptionError } from '../errors/failures.js';
import { textIn } from '../files/path-entry.js';
import { isJsonObject, type Json, objectOf } from '../options/json.js';
import { NOUL_LABELS, type Question, type QuestionType, questionOf } from '../options/question.js';

/** Names of the types in the formats that questions come in. */
const TYPES: Readonly<Record<string, QuestionType>> = {
  choice: 'choice',
  noul: 'noul',
  boolean: 'noul',
  predicate: 'noul',
  score: 'score',
};
const KEYS = ['type', 'instructions', 'criteria', 'labels'];

/** Of whom it is asked. */
type Asked = { readonly labelNames: readonly string[]; readonly isRegression: boolean; readonly isPair: boolean };

/**
 * @throws FileError for a file that cannot be read; OptionError for what is no question, or none that these labels answer.
 */
export async function readQuestion(path: string, asked: Asked): Promise<Question> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(await textIn(path));
  const [error] = document.errors;
  if (error !== undefined) throw refused(path, 'a question in YAML or JSON', error.message.split('\n')[0] ?? 'none');
  return questionIn(document.toJS(), path, asked);
}

function questionIn(value: unknown, path: string, asked: Asked): Question {
  const { type = 'choice', instructions, criteria, labels, ...more } = objectOf(value);
  const unknown = Object.keys(more)[0];
  if (!isJsonObject(value) || unknown !== undefined) {
    throw refused(path, `an object of ${KEYS.join(', ')}`, unknown === undefined ? 'none' : `the key ${unknown}`);
  }
  const known = typeof type === 'string' ? TYPES[type] : undefined;
  if (known === undefined) throw refused(path, `type: ${Object.keys(TYPES).join(', ')}`, JSON.stringify(type));
  if (typeof instructions !== 'string' || instructions.trim() === '') {
    throw refused(path, 'instructions: what is asked', JSON.stringify(instructions) ?? 'none');
  }
  const said = criteriaIn(known, criteria, path, asked);
  const names = Object.keys(said);
  const question = questionOf({ type: known, instructions, labelNames: names, criteria: said, isPair: asked.isPair });
  if (asked.isRegression) {
    if (known === 'score' && labels === undefined) return question;
    const got = known === 'score' ? 'labels' : `type ${String(type)}`;
    throw refused(path, 'type score without labels, since the model gives a value', got);
  }
  const theirs = labelsIn(known, labels, names, said);
  const count = asked.labelNames.length;
  const isWhole = [theirs.length, names.length, new Set(theirs).size].every((size) => size === count);
  if (!isWhole || !theirs.every((label) => asked.labelNames.includes(label))) {
    const wanted = `criteria for each label of the student, or labels that say which it is: ${asked.labelNames.slice(0, 12).join(', ')}`;
    throw refused(path, wanted, theirs.slice(0, 12).join(', ') || 'none');
  }
  return theirs.every((label, i) => label === names[i]) ? question : { ...question, labels: theirs };
}

/** Descriptions by what the question tells apart, in its order. */
function criteriaIn(
  type: QuestionType,
  criteria: unknown,
  path: string,
  { labelNames }: Asked,
): Readonly<Record<string, Json>> {
  if (type === 'score') {
    if (Array.isArray(criteria) && criteria.length > 1) return Object.fromEntries((criteria as Json[]).entries());
    throw refused(path, 'criteria: a list of two levels or more', JSON.stringify(criteria) ?? 'none');
  }
  const usual = type === 'noul' ? NOUL_LABELS : labelNames;
  if (criteria === undefined || criteria === null) return Object.fromEntries(usual.map((label) => [label, null]));
  const isOdd =
    !isJsonObject(criteria) || (type === 'noul' && Object.keys(criteria).some((key) => !usual.includes(key)));
  if (isOdd) {
    const wanted = type === 'noul' ? 'descriptions of true and false' : 'descriptions of labels';
    throw refused(path, `criteria: ${wanted}`, JSON.stringify(criteria));
  }
  const given = criteria as Readonly<Record<string, Json>>; // it has just been looked at
  return type === 'noul' ? Object.fromEntries(usual.map((label) => [label, given[label] ?? null])) : given;
}

/** The student's label for each criterion: as it is said, else the criterion itself, or what a level is called. */
function labelsIn(
  type: QuestionType,
  labels: unknown,
  names: readonly string[],
  said: Readonly<Record<string, Json>>,
): readonly string[] {
  if (Array.isArray(labels)) return labels.map(String);
  const given = objectOf(labels);
  return names.map((name) => String(given[name] ?? (type === 'score' ? said[name] : name)));
}

function refused(path: string, wanted: string, got: string): OptionError {
  const fix =
    'write it as docs/certificates.md has it, such as {"type": "noul", "instructions": "Is it spam?", "labels": {"true": "spam", "false": "ham"}}';
  return new OptionError({ where: `question ${path}`, wanted, got: got.slice(0, 200), fix });
}
