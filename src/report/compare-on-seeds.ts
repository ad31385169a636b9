/** @file Two arms on the seeds that both have. */

import { rowEvidence } from '../experiments/row-evidence.js';
import { type Gain, judge } from '../experiments/verdict.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import type { ComparableArm } from './comparable-arms.js';
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
      `${arm.name} and ${over.name} have no seed in common (${seedsText(arm)} and ${seedsText(over)}), ` +
        'so they cannot be compared: run both on the same seeds',
    );
    return undefined;
  }
  if (both.length < arm.runs.length || both.length < over.runs.length) {
    const seeds = listed(both.map(({ run }) => String(run.seed)));
    note(`${arm.name} and ${over.name} are compared on the seeds that both have: ${seeds}`);
  }
  const evidence = rowEvidence(
    both.map(({ run }) => run),
    both.map(({ other }) => other),
    metric,
  );
  if ((evidence.rows ?? evidence.discordant ?? evidence.resampled) === undefined) {
    const pair = `${arm.name} and ${over.name}`;
    const none = 'not known, so nothing can be said about other rows';
    note(
      METRICS[metric].countsRight
        ? `which rows ${pair} predict right is ${none}: --write_dev_predictions keeps it for a training run, --data_dir names the data`
        : `the predictions of ${pair} are ${none}`,
    );
  }
  return judge({
    arm: arm.name,
    over: over.name,
    metric,
    split: arm.split,
    scores: both.map(({ run }) => run.score),
    otherScores: both.map(({ other }) => other.score),
    smallestEffect,
    ...evidence,
  });
}

function seedsText({ runs }: ComparableArm): string {
  return runs.map(({ seed }) => seed).join(', ');
}
