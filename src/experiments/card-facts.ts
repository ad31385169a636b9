/** @file What the record of a run, or of the experiment that it is of, says for a model card. */
import { basename, dirname, join } from 'node:path';
import type { CardData, CardFacts, CardResult } from '../export/model-card.js';
import { isFile } from '../files/path-entry.js';
import { JUDGED_METRICS, type JudgedMetric, METRICS } from '../metrics/table.js';
import { wilsonInterval } from '../metrics/wilson-interval.js';
import { objectOf } from '../options/json.js';
import { METRICS_FILE } from '../training/run/run-files.js';
import { readRunRecord } from '../training/run/run-record.js';
import { RECORD } from './formats.js';

/**
 * @param model the path of a run, of a checkpoint in one, or any other name
 * @returns undefined where no record is
 * @throws as `readRunRecord` and `readExperimentRecord` do
 */
export async function cardFacts(model: string): Promise<CardFacts | undefined> {
  for (const run of [model, dirname(model)]) {
    if (!(await isFile(join(run, METRICS_FILE)))) continue;
    return { ...(await ofRun(run)), ...(await ofExperiment(run)) };
  }
  return undefined;
}

async function ofRun(run: string): Promise<CardFacts> {
  const { data, options, metrics, test } = await readRunRecord(join(run, METRICS_FILE));
  const { name, options: given } = objectOf(objectOf(options).method);
  const results = [
    ...(data.evaluation === undefined ? [] : ofRows(data.evaluation, metrics)),
    ...(test === undefined ? [] : ofRows(test, test.metrics)),
  ];
  return {
    name: basename(run),
    train: named(data.train),
    method: typeof name === 'string' ? { name, options: objectOf(given) } : undefined,
    results,
  };
}

/** The metrics that are judged by; an interval over rows where the record has what it is made of. */
function ofRows(on: CardData, metrics: Readonly<Record<string, number>>): readonly CardResult[] {
  return Object.entries(metrics).flatMap(([metric, value]) => {
    if (!isJudged(metric)) return [];
    const [low, high] = METRICS[metric].countsRight
      ? wilsonInterval(Math.round(value * on.rows), on.rows).map((bound) => percent(100 * bound))
      : [];
    const interval = low === undefined ? undefined : `${low} to ${high} (over rows)`;
    return [{ metric, data: named(on), value: percent(100 * value), interval }];
  });
}

function isJudged(metric: string): metric is JudgedMetric {
  return (JUDGED_METRICS as readonly string[]).includes(metric);
}

/** Of a run in `runs` of an experiment: of its arm over all seeds, which is what to expect of one. */
async function ofExperiment(run: string): Promise<CardFacts> {
  const file = join(dirname(dirname(run)), RECORD);
  if (!(await isFile(file))) return {};
  const { readExperimentRecord } = await import('./experiment-record.js');
  const { arms, data, teacher, metric, seeds, headline } = await readExperimentRecord(file);
  const arm = arms.find(({ name }) => basename(run).replace(/-\d+$/, '') === name);
  if (arm === undefined) return {};
  const results = [
    [arm, data?.evaluation],
    [arm.test, data?.test],
  ] as const;
  const ofSeeds = seeds.length === 1 ? '' : `, mean of ${seeds.length} seeds`;
  return {
    name: basename(dirname(dirname(run))),
    ...(data && { train: named(data.train), transfer: data.transfer && named(data.transfer) }),
    teacher: teacher && {
      name: bare(teacher.name),
      score: teacher.score === undefined ? undefined : `${metric} ${percent(teacher.score)}`,
      terms: teacher.terms,
    },
    results: results.flatMap(([scored, on]): CardResult[] => {
      if (scored === undefined || on === undefined) return [];
      const { mean, interval } = scored;
      const range = interval && `${percent(interval.low)} to ${percent(interval.high)} (over ${interval.over})`;
      return [{ metric: `${metric}${ofSeeds}`, data: named(on), value: percent(mean), interval: range }];
    }),
    verdict: headline?.text,
  };
}

/** Data that was named by a path is called what its last part says: a card is read on other machines. */
function named({ name, rows }: CardData): CardData {
  return { name: bare(name), rows };
}

function bare(name: string): string {
  return name.replaceAll(/\S*[/\\](?=\S)/g, '');
}

function percent(value: number): string {
  return value.toFixed(2);
}
