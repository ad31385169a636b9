/** @file Agreement of predicted numbers with given ones. */

/** Pearson's r of two lists of equal length; NaN where one of them is constant. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
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

/** Spearman's ρ: Pearson's r of the ranks, equal values sharing their mean rank. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return pearson(ranks(x), ranks(y));
}

/** Ranks from 1, as `scipy.stats.rankdata` gives them. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  order.sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++;
    for (let i = start; i < end; i++) result[order[i] as number] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}
