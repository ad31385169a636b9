import { RandomStream } from '../tensor/random.js';
import { sampleSd } from './statistics.js';

export type BootstrapOptions = { readonly resamples?: number; readonly seed?: number };

/**
 * A statistic of samples of rows drawn with replacement, as many as there are: Efron 1979, "Bootstrap methods: another look
 * at the jackknife". The same seed gives the same samples.
 * @param rows how many there are, from 1
 * @param statistic of a sample of row numbers, which may come more than once
 */
function resampled(
  rows: number,
  statistic: (sample: Uint32Array) => number,
  { resamples = 1000, seed = 0 }: BootstrapOptions,
): Float64Array {
  const stream = new RandomStream(seed, 'bootstrap');
  const sample = new Uint32Array(rows);
  return Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < rows; i++) sample[i] = stream.below(rows);
    return statistic(sample);
  });
}

/**
 * 95 % percentile interval of a statistic over rows.
 * @returns undefined where the statistic of a sample is no number, such as the correlation with a constant
 */
export function bootstrapInterval(
  rows: number,
  statistic: (sample: Uint32Array) => number,
  options: BootstrapOptions = {},
): readonly [low: number, high: number] | undefined {
  const values = resampled(rows, statistic, options);
  if (values.some(Number.isNaN)) return undefined;
  values.sort();
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** Standard error of a statistic over rows: its standard deviation over the samples. */
export function bootstrapError(
  rows: number,
  statistic: (sample: Uint32Array) => number,
  options: BootstrapOptions = {},
): number {
  return sampleSd(Array.from(resampled(rows, statistic, options)));
}

/** Of sorted values, between neighbours in proportion, as NumPy's default. */
function quantile(sorted: Float64Array, portion: number): number {
  const place = portion * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
