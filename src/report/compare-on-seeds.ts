/** @file Two arms on the seeds that both have. */
import { discordantRows } from '../experiments/arm-result.js';
import type { JudgedMetric } from '../experiments/judged-metric.js';
import { resampledDifference } from '../experiments/kept-answers.js';
import { type Comparison, type Gain, judge } from '../experiments/verdict.js';
import type { ArmRunOnSeed, ComparableArm } from './comparable-arms.js';
import { listed } from './words.js';

/** Judges two arms on the seeds that both have; undefined, with a note, if there are none. */
export function compareOnSeeds(
  arm: ComparableArm,
  over: ComparableArm,
  metric: JudgedMetric,
  smallestEffect: number | undefined,
  note: (text: string) => void,
): Gain | undefined {
  const both = arm.runs.flatMap((run) => {
    const other = over.runs.find(({ seed }) => seed === run.seed);
    return other === undefined ? [] : [{ run, other }];
  });
  const [first] = both;
  if (first === undefined) {
    note(
      `${arm.name} and ${over.name} have no seed in common (${seedsText(arm)} and ${seedsText(over)}), so that nothing ` +
        'can be said of them: run both on the same seeds',
    );
    return undefined;
  }
  if (both.length < arm.runs.length || both.length < over.runs.length) {
    const seeds = listed(both.map(({ run }) => String(run.seed)));
    note(`${arm.name} and ${over.name} are compared on the seeds that both have: ${seeds}`);
  }
  const rows = both.length === 1 ? rowByRow(first.run, first.other, metric) : {};
  if (both.length === 1 && rows === undefined) {
    const pair = `${arm.name} and ${over.name}`;
    const none = 'is not known, so that they are not compared row by row';
    note(
      metric === 'accuracy'
        ? `which rows ${pair} answered right ${none}: --write_dev_predictions keeps it for a training run, --data_dir names the data`
        : `what ${pair} answered ${none}`,
    );
  }
  return judge({
    arm: arm.name,
    over: over.name,
    metric,
    scores: both.map(({ run }) => run.score),
    otherScores: both.map(({ other }) => other.score),
    ...(smallestEffect !== undefined && { smallestEffect }),
    ...rows,
  });
}

/** How two single runs differ row by row; undefined where their answers were not kept. */
function rowByRow(
  run: ArmRunOnSeed,
  other: ArmRunOnSeed,
  metric: JudgedMetric,
): Pick<Comparison, 'discordant' | 'resampled'> | undefined {
  if (metric !== 'accuracy') {
    const resampled = run.answers && other.answers && resampledDifference(run.answers, other.answers, metric);
    return resampled && { resampled };
  }
  if (run.right === undefined || other.right === undefined) return undefined;
  const { onlyFirst, onlySecond } = discordantRows(run.right, other.right);
  return { discordant: { onlyArm: onlyFirst, onlyOther: onlySecond, rows: run.right.rows } };
}

function seedsText({ runs }: ComparableArm): string {
  return runs.map(({ seed }) => seed).join(', ');
}
