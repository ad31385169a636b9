/**
 * @file How the verdict's t-interval fares on differences as they really fall: those of the primer's arms over no-teacher
 * (twenty seeds), centred so that there is no effect, drawn again with replacement. 20,000 experiments for each n.
 *
 *   npm run recipe -- evidence-resampled
 */
import { readFileSync } from 'node:fs';
import { tInterval } from '../src/entries/experiments.js';
import { RandomStream } from '../src/entries/tensor.js';

const EXPERIMENTS = 20_000;
type Arms = { readonly arms: readonly { readonly name: string; readonly accuracies: readonly number[] }[] };

export function main(): void {
  const { arms } = JSON.parse(readFileSync('results/primer-20-seeds.json', 'utf8')) as Arms;
  const accuraciesOf = (name: string) => arms.find((arm) => arm.name === name)?.accuracies ?? [];
  for (const [arm, over] of [
    ['retort', 'retort-no-teacher'],
    ['retort', 'hard-labels'],
    ['retort', 'label-smoothing'],
    ['article-kd', 'article-baseline'],
  ] as const) {
    const others = accuraciesOf(over);
    const differences = accuraciesOf(arm).map((value, i) => value - (others[i] as number));
    const mean = differences.reduce((total, value) => total + value, 0) / differences.length;
    const centred = differences.map((value) => value - mean);
    for (const n of [5, 10, 20]) {
      const random = new RandomStream(1, `resampled/${arm}/${over}/${n}`);
      let covered = 0;
      let better = 0;
      for (let experiment = 0; experiment < EXPERIMENTS; experiment++) {
        const { low, high } = tInterval(
          Array.from({ length: n }, () => centred[random.below(centred.length)] as number),
        );
        if (low <= 0 && high >= 0) covered += 1;
        if (low > 0) better += 1;
      }
      const percent = (count: number) => `${((100 * count) / EXPERIMENTS).toFixed(1)} %`;
      console.log(
        `${arm} over ${over}, n ${n}: interval holds 0 in ${percent(covered)}, called BETTER in ${percent(better)}`,
      );
    }
  }
}
