/**
 * @file The check of an answer to a question with a closed set of labels: that of the AI SDK's core
 * (`validateDecisionAnswers` of ai 7), before anything is learnt from it. A reported 0 is below half a unit of the last
 * decimal, not impossible.
 */
import { NOUL_LABELS, type QuestionType } from '../../options/question.js';
import { decimalsOf } from '../../teachers/recorded-row.js';
import type { Decision } from '../asking/outside-reply.schema.js';

/** An answer as it came. */
export type RawDecision =
  | { readonly isRefused: true }
  | { readonly invalid: string; readonly isFinal?: boolean }
  | {
      readonly choice: unknown;
      /** Default: a choice. */
      readonly type?: QuestionType | undefined;
      /** By label; absent of a model that gives none. */
      readonly probabilities?: ReadonlyMap<unknown, unknown> | undefined;
      /** How probabilities were rounded, where that is known: `none` for full precision. Default: by their digits. */
      readonly decimals?: number | 'none' | undefined;
    };

/** Of a yes/no question: true from one half on. */
export function noulDecision(probability: number, decimals?: number): RawDecision {
  // 1 - 0.1 has more digits than the one that was rounded.
  const digits = Math.min(15, decimals ?? decimalsOf(probability));
  const other = Number((1 - probability).toFixed(digits));
  const probabilities = new Map(NOUL_LABELS.map((label, i) => [label, i === 0 ? probability : other]));
  return { type: 'noul', choice: NOUL_LABELS[probability >= 0.5 ? 0 : 1], probabilities, decimals };
}

/** Of a score: the most likely level, the first of equals. */
export function scoreDecision(levels: ReadonlyMap<string, number>, decimals?: number): RawDecision {
  const [[choice] = ['none']] = [...levels].toSorted(([a, p], [b, q]) => q - p || Number(a) - Number(b));
  return { type: 'score', choice, probabilities: levels, decimals };
}

/** Of a sum and an order that nobody says were rounded. */
const TOLERANCE = 1e-6;
/** Of numbers with all digits that a computer had: half precision has three. */
const UNROUNDED_TOLERANCE = 1e-3;
/** What every known service gives; a row such as 0.5 and 0.5 shows fewer. */
const LEAST_DECIMALS = 2;
/** More decimals than these were not rounded by whoever wrote them. */
const MOST_DECIMALS = 6;
const MOST_STATED = 15;

/** @param asked the type of the question */
export function checkedDecision(
  raw: RawDecision,
  labelNames: readonly string[],
  asked: QuestionType = 'choice',
): Decision {
  if ('isRefused' in raw) return { isRefused: true };
  if ('invalid' in raw) return raw;
  const { choice, probabilities, type = 'choice' } = raw;
  if (type !== asked) return { invalid: `an answer that is no ${asked}, but a ${type}` };
  const label = labelNames.indexOf(choice as string);
  if (label < 0) return { invalid: `the choice ${shown(choice)}, which is no label` };
  if (probabilities === undefined) return { label };
  const unknown = [...probabilities.keys()].find((name) => !labelNames.includes(name as string));
  if (unknown !== undefined) return { invalid: `a probability for ${shown(unknown)}, which is no label` };
  const given: number[] = [];
  for (const name of labelNames) {
    const value = probabilities.get(name);
    if (value === undefined) return { invalid: `no probability for ${shown(name)}` };
    if (!(typeof value === 'number' && value >= 0 && value <= 1)) {
      return { invalid: `a probability of ${shown(value)} for ${shown(name)}` };
    }
    given.push(value);
  }
  return checkedDistribution(given, label, raw.decimals);
}

function checkedDistribution(given: readonly number[], label: number, stated: number | 'none' | undefined): Decision {
  if (typeof stated === 'number' && !(Number.isInteger(stated) && stated >= 0 && stated <= MOST_STATED)) {
    return { invalid: `probabilities of ${stated} decimals`, isFinal: true };
  }
  const written = Math.max(LEAST_DECIMALS, ...given.map(decimalsOf));
  const isRounded = stated === undefined ? written <= MOST_DECIMALS : stated !== 'none';
  const decimals = isRounded ? (typeof stated === 'number' ? stated : written) : undefined;
  const halfUnit = decimals === undefined ? 0 : 10 ** -decimals / 2;
  const sum = given.reduce((total, value) => total + value, 0);
  const slack = stated === undefined && !isRounded ? UNROUNDED_TOLERANCE : TOLERANCE + given.length * halfUnit;
  if (Math.abs(sum - 1) > slack) return { invalid: `probabilities with a sum of ${Number(sum.toPrecision(4))}` };
  const chosen = given[label] as number;
  if (given.some((value) => value > chosen + TOLERANCE + 2 * halfUnit)) {
    return { invalid: 'a choice that is not the most likely label' };
  }
  return { probabilities: [...given], ...(decimals !== undefined && { decimals }) };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
