/** @file Which split the figures of a report are of: the test split where there is one, else the validation split. */
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';

/** A record whose arms and teacher have their scores on the test split, where there is one, as the gains have. */
export function onReportedSplit(record: ExperimentRecord): ExperimentRecord {
  if (!hasTest(record)) return record;
  const { score: _validated, test: onTest, ...teacher } = record.teacher ?? { isPerSeed: false, name: '' };
  return {
    ...record,
    arms: record.arms.map(({ test, sd: _sd, interval: _interval, metrics: _metrics, ...arm }) => ({ ...arm, ...test })),
    ...(record.teacher && { teacher: { ...teacher, ...(onTest !== undefined && { score: onTest }) } }),
  };
}

export function hasTest({ arms }: Pick<ExperimentRecord, 'arms'>): boolean {
  return arms.every(({ test }) => test !== undefined);
}

/** What was chosen by which split, for a note below the figures; undefined without a test split. */
export function splitsText({ arms, data }: Pick<ExperimentRecord, 'arms' | 'data'>): string | undefined {
  if (!hasTest({ arms })) return undefined;
  const { test, evaluation } = data ?? {};
  const named = (split: string, name: string | undefined) => (name === undefined ? split : `${split} (${name})`);
  return `Scores and gains are on the ${named('test split', test?.name)}, which each run was scored on once. What was chosen was chosen on the ${named('validation split', evaluation?.name)}.`;
}
