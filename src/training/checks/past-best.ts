/**
 * @file Arms that end well below the best of their own epochs. A gain over such a control is in part its overfitting, which
 * fewer epochs would have spared it.
 */
import { gainText } from '../../metrics/points.js';
import { mean, tInterval } from '../../metrics/statistics.js';
import type { JudgedMetric } from '../../metrics/table.js';
import { check, type Found, type Subjects } from './check.js';

/** What is less than this between the best epoch and the last may be chance: the best one is chosen among many. */
const LEAST_POINTS = 1;

type Arm = Subjects['experiment']['arms'][number];

/**
 * Looks at the metric after each epoch, meant over the seeds. An arm is past its best if that was a point or more above the end
 * and the 95 % interval of the difference over the seeds, two or more, holds no zero.
 */
export const pastBest = check('experiment', {
  says: 'an arm has overfitted: it ends well below the best of its epochs',
  find: ({ arms, metric, judged, endsAtBest = false }) => {
    if (endsAtBest) return [];
    const curves = new Map(arms.map(({ arm, runs }) => [arm.name, curvesOf(runs, metric)]));
    const best = (arm: string) => (curves.get(arm) ?? []).map((scores) => Math.max(...scores));
    return [...curves].flatMap(([arm, runs]): Found[] => {
      const means = (runs[0] ?? []).map((_, epoch) => mean(runs.map((scores) => scores[epoch] as number)));
      const at = means.indexOf(Math.max(...means));
      const losses = runs.map((scores) => (scores[at] as number) - (scores.at(-1) as number));
      if (!(mean(losses) >= LEAST_POINTS && tInterval(losses).low > 0)) return [];
      const found = `${arm} is best after epoch ${at + 1} of ${means.length}, ${mean(losses).toFixed(1)} points above its end`;
      const ours = best(judged);
      const gains = best(arm).map((score, i) => (ours[i] as number) - score);
      const isControl = arm !== judged && ours.length === runs.length;
      const compared = `, and a gain over it is partly that; with each run at the best of its epochs, chosen by the rows that are reported on, ${judged} has ${gainText(mean(gains), arm, metric)}`;
      const fix = `train for fewer epochs, about ${at + 1}: then no arm is judged by what it has lost again`;
      return [{ text: `${found}${isControl ? compared : ''}`, fix }];
    });
  },
});

/** The metric times 100 after each epoch of each run; none where a run lacks it, or has other epochs than the rest. */
function curvesOf(runs: Arm['runs'], metric: JudgedMetric): number[][] {
  const curves = runs.map(({ result }) =>
    (result.curve ?? []).flatMap(({ metrics: { [metric]: value } }) => (value === undefined ? [] : [100 * value])),
  );
  const epochs = curves[0]?.length ?? 0;
  return epochs > 1 && curves.every(({ length }) => length === epochs) ? curves : [];
}
