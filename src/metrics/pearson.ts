import { correlation, scoreMetric } from './metric.js';

export const pearson = scoreMetric({
  ...correlation('Pearson', "Pearson's correlation"),
  isUsual: () => true,
  ofNumbers: pearsonOf,
});

/** Pearson's r of two lists of equal length; NaN where one of them is constant. */
export function pearsonOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const count = x.length;
  const mean = (values: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i] as number;
    return sum / count;
  };
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const dx = (x[i] as number) - meanX;
    const dy = (y[i] as number) - meanY;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  // Rounding may leave a perfect r beside 1.
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}
