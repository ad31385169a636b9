/** @file What may make a run worthless though nothing fails: each such finding has a name, a text and a way out. */
import { CheckError } from '../../errors/failures.js';

/** What is looked for, by name. */
export const CHECKS = {
  'label-order': 'the teacher means other classes than the data by the same places',
  'teacher-at-chance': 'the teacher is no better than always naming the commonest class',
  'teacher-below-student': 'the teacher is worse than the student without it',
  'teacher-logits': 'the teacher answers with numbers that are no logits',
  'one-class': 'the student gives one and the same answer to every evaluation row',
  'term-share': 'the teacher, or the labels, hardly move the student',
  truncation: 'many texts are cut',
  duplicates: 'evaluation texts are among the training texts',
  'conflicting-labels': 'equal training texts have different labels',
  'empty-texts': 'texts without a word',
  'random-start': 'a model without any training starts on few rows',
  vocabulary: 'the texts have many words that the tokenizer does not know',
  'no-labels': 'a metric is asked for on rows without labels',
  'unseen-labels': 'evaluation rows have labels that no training row has',
  'rare-labels': 'labels with a single training row',
  'past-best': 'an arm ends well below the best of its epochs',
} as const satisfies Readonly<Record<string, string>>;

export type CheckName = keyof typeof CHECKS;

export type Warning = {
  readonly name: CheckName;
  /** What was found, with its numbers. */
  readonly text: string;
  /** The next step for the user. */
  readonly fix: string;
};

/**
 * For who wants no run with a warning.
 * @throws CheckError with all warnings, if there are any.
 */
export function expectNoWarning(warnings: readonly Warning[]): void {
  const [first, ...more] = warnings;
  if (first === undefined) return;
  throw new CheckError({
    where: `strict: ${warnings.map(({ name }) => name).join(', ')}`,
    wanted: 'no warning',
    got: warnings.map(({ text }) => text).join('; '),
    fix: more.length === 0 ? first.fix : warnings.map(({ name, fix }) => `${name}: ${fix}`).join('; '),
  });
}

export function shownPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
