/** @file The question that a model answers, in one form: equal questions are equal texts, whoever asked them. */
import { isJsonObject, type Json } from './json.js';

/** What decision models tell apart: one of several labels, yes or no, a level of a scale. */
export const QUESTION_TYPES = ['choice', 'noul', 'score'] as const;
export type QuestionType = (typeof QUESTION_TYPES)[number];

/** What a yes/no question tells apart, in this order. */
export const NOUL_LABELS: readonly string[] = ['true', 'false'];

export type Question = {
  readonly type: QuestionType;
  readonly instructions: string;
  /** A description for each label, in the order in which they are asked: another order is another question. */
  readonly criteria: readonly (readonly [label: string, description: string | null])[];
  /** Of a student whose labels have other names: its label for each criterion. A regression has none. */
  readonly labels?: readonly string[];
};

/** Instructions and descriptions as decision services take them: texts, or objects and lists. */
export type GivenQuestion = {
  readonly type?: QuestionType;
  readonly instructions?: Json | undefined;
  readonly labelNames: readonly string[];
  /** By label; null or absent for one that says it itself. */
  readonly criteria?: Readonly<Record<string, Json>> | undefined;
  /** Of two texts a row: default instructions speak of both. */
  readonly isPair?: boolean | undefined;
};

const INSTRUCTIONS = 'Which label fits the text?';
const PAIR_INSTRUCTIONS = 'Which label fits the two texts, the first and the second?';

/** The question in that form, with the usual instructions where there are none. */
export function questionOf({ type = 'choice', instructions, labelNames, criteria, isPair }: GivenQuestion): Question {
  return {
    type,
    instructions: plainText(instructions ?? '') || (isPair ? PAIR_INSTRUCTIONS : INSTRUCTIONS),
    criteria: labelNames.map((label) => [label, plainText(criteria?.[label] ?? '') || null] as const),
  };
}

/** What a question calls a student's classes, in their order; of a regression the levels of its score. */
export function criterionNames(
  { type, criteria, labels }: Question,
  studentLabels: readonly string[],
): readonly string[] {
  const names = criteria.map(([name]) => name);
  if (labels !== undefined) return studentLabels.map((label) => names[labels.indexOf(label)] ?? label);
  return type === 'score' && studentLabels.length === 1 ? names : studentLabels;
}

/** Words that look alike are alike: composed letters, line ends, no blanks around lines and paragraphs. */
function plainText(given: Json): string {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return text
    .normalize('NFC')
    .replaceAll(/\r\n?/gu, '\n')
    .replaceAll(/[^\S\n]+$/gmu, '')
    .trim();
}

/** Whether what was read from a model's files is one. */
export function isQuestion(value: unknown): value is Question {
  if (!isJsonObject(value)) return false;
  const { type, instructions, criteria, labels = [], ...more } = value;
  if (Object.keys(more).length > 0 || typeof instructions !== 'string' || !Array.isArray(criteria)) return false;
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === 'string'))) return false;
  return QUESTION_TYPES.some((known) => known === type) && criteria.every(isCriterion);
}

function isCriterion(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [label, description] = value as readonly unknown[];
  return typeof label === 'string' && (description === null || typeof description === 'string');
}
