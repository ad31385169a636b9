/** @file All checks, by the names that warnings, records and docs use, in the order in which they are told. */
import type { Check, Found, Subjects } from './check.js';
import { classImbalance } from './class-imbalance.js';
import { classesMissing } from './classes-missing.js';
import { conflictingLabels } from './conflicting-labels.js';
import { duplicates } from './duplicates.js';
import { emptyTexts } from './empty-texts.js';
import { labelOrder } from './label-order.js';
import { labelSpelling } from './label-spelling.js';
import { noLabels } from './no-labels.js';
import { notConverged } from './not-converged.js';
import { oneClass } from './one-class.js';
import { pastBest } from './past-best.js';
import { randomStart } from './random-start.js';
import { rareLabels } from './rare-labels.js';
import { stillFalling } from './still-falling.js';
import { teacherAtChance } from './teacher-at-chance.js';
import { teacherBelowStudent } from './teacher-below-student.js';
import { teacherLogits } from './teacher-logits.js';
import { termShare } from './term-share.js';
import { truncation } from './truncation.js';
import { unseenLabels } from './unseen-labels.js';
import { vocabulary } from './vocabulary.js';

export const CHECK_TABLE = {
  'no-labels': noLabels,
  'class-imbalance': classImbalance,
  'rare-labels': rareLabels,
  'label-spelling': labelSpelling,
  'unseen-labels': unseenLabels,
  'empty-texts': emptyTexts,
  duplicates,
  'conflicting-labels': conflictingLabels,
  truncation,
  vocabulary,
  'random-start': randomStart,
  'teacher-logits': teacherLogits,
  'label-order': labelOrder,
  'teacher-at-chance': teacherAtChance,
  'term-share': termShare,
  'not-converged': notConverged,
  'one-class': oneClass,
  'classes-missing': classesMissing,
  'still-falling': stillFalling,
  'teacher-below-student': teacherBelowStudent,
  'past-best': pastBest,
} as const satisfies Readonly<Record<string, Check>>;

export type CheckName = keyof typeof CHECK_TABLE;

export const CHECK_NAMES = Object.keys(CHECK_TABLE) as readonly CheckName[];

/** What is looked for, by name. */
export const CHECKS = Object.fromEntries(CHECK_NAMES.map((name) => [name, CHECK_TABLE[name].says])) as Readonly<
  Record<CheckName, string>
>;

export type Warning = Found & { readonly name: CheckName };

/** What the checks of these subjects find. */
export function findWarnings(subjects: Partial<Subjects>): Warning[] {
  return CHECK_NAMES.flatMap((name) => CHECK_TABLE[name].findIn(subjects).map((found) => ({ name, ...found })));
}
