import { RandomStream } from '../tensor/random.js';

/**
 * 95 % percentile interval of a statistic over rows: Efron 1979, "Bootstrap methods: another look at the jackknife". The
 * same seed gives the same interval.
 * @param rows how many there are, from 1
 * @param statistic of a sample of row numbers, which may come more than once
 * @returns undefined where the statistic of a sample is no number, such as the correlation with a constant
 */
export function bootstrapInterval(
  rows: number,
  statistic: (sample: Uint32Array) => number,
  { resamples = 1000, seed = 0 }: { readonly resamples?: number; readonly seed?: number } = {},
): readonly [low: number, high: number] | undefined {
  const stream = new RandomStream(seed, 'bootstrap');
  const sample = new Uint32Array(rows);
  const values = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < rows; i++) sample[i] = stream.below(rows);
    const value = statistic(sample);
    if (Number.isNaN(value)) return undefined;
    values[r] = value;
  }
  values.sort();
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** Of sorted values, between neighbours in proportion, as NumPy's default. */
function quantile(sorted: Float64Array, portion: number): number {
  const place = portion * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
