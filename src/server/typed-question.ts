/**
 * @file Questions of the three types in one form, and a student's answer to each: a choice is the most likely label, a yes/no
 * question (System One's `noul`) the probability of true, a score the mean of levels that are numbered from 0.
 */
import type { Answer } from '../inference/answer.js';
import { isJsonObject, type Json } from '../options/json.js';
import { NOUL_LABELS, type QuestionType } from '../options/question.js';

export type AskedCriteria = readonly (readonly [label: string, description: Json])[];

/** What the student says to a question, in the asker's labels. */
export type StudentAnswer = {
  readonly choice: string;
  /** In the order of the question, with a sum of 1. */
  readonly probabilities: readonly (readonly [label: string, probability: number])[];
};

/**
 * The criteria of a question as System One and the AI SDK write them: labels with descriptions, descriptions of true and false,
 * or a list of levels.
 * @returns undefined for those of another form
 */
export function criteriaOf(type: QuestionType, criteria: unknown): AskedCriteria | undefined {
  if (type === 'score') {
    const isList = Array.isArray(criteria) && criteria.length > 0;
    return isList ? criteria.map((level: Json, i) => [String(i), level] as const) : undefined;
  }
  const given = type === 'noul' ? (criteria ?? {}) : criteria;
  if (!isJsonObject(given)) return undefined;
  const labels = Object.keys(given);
  if (type === 'choice') return labels.length === 0 ? undefined : (Object.entries(given) as [string, Json][]);
  if (labels.some((label) => !NOUL_LABELS.includes(label))) return undefined;
  return NOUL_LABELS.map((label) => [label, (given[label] ?? null) as Json] as const);
}

/** @param names how the asker calls the student's classes, in their order; of a regression the levels */
export function answerIn(
  criteria: AskedCriteria,
  names: readonly string[],
  { score, probabilities }: Pick<Answer, 'score' | 'probabilities'>,
): StudentAnswer {
  const given = probabilities.length === 0 ? levelShares(score, names.length) : probabilities;
  const total = given.reduce((sum, value) => sum + value, 0);
  const byName = new Map(names.map((name, c) => [name, (given[c] as number) / total]));
  const listed = criteria.map(([label]) => [label, byName.get(label) as number] as const); // the question is served
  const [first] = listed;
  const [choice] = listed.reduce((best, one) => (one[1] > best[1] ? one : best), first as (typeof listed)[number]);
  return { choice, probabilities: listed };
}

/** A regression's value as shares of the two levels that it lies between, whose mean it is. */
function levelShares(value: number, levels: number): number[] {
  const within = Math.min(Math.max(value, 0), levels - 1);
  return Array.from({ length: levels }, (_, level) => Math.max(0, 1 - Math.abs(within - level)));
}

/** p(true) */
export function truthOf({ probabilities }: StudentAnswer): number {
  return probabilities.find(([label]) => label === NOUL_LABELS[0])?.[1] ?? Number.NaN;
}

/** Σ i · p_i */
export function scoreOf({ probabilities }: StudentAnswer): number {
  // Rounding may not lead beyond the last level.
  return Math.min(
    probabilities.reduce((sum, [level, p]) => sum + Number(level) * p, 0),
    probabilities.length - 1,
  );
}
