import { describe, expect, test } from 'vitest';
import { LabellingLines } from '../../src/cli/labelling-lines.js';

const view = (done: number, total = 8000, known = 200) => ({ done, total, known });

describe('LabellingLines', () => {
  // By hand: 3,000 rows in 30 s are 100 rows/s, so that 5,000 more take 50 s.
  test('a log gets a line at the start, each half minute and at the end', () => {
    let now = 0;
    const lines = new LabellingLines(() => now);
    const said = [0, 1024, 3000, 3001, 8000].flatMap((done, i) => {
      now = [0, 10_000, 30_000, 31_000, 80_000][i] as number;
      return lines.take('big', view(done), true);
    });
    expect(said).toEqual([
      'big: 8,000 of 8,200 outputs to compute, 200 are cached or of equal texts',
      'big: 3,000 of 8,000 rows  100 rows/s  0:50 left',
      'big: 8,000 outputs computed in 1:20',
    ]);
    // Told twice that it is done, it says so once.
    expect(lines.take('big', view(8000), true)).toEqual([]);
  });

  test('beside a bar there are the first line and the last, and the bar has rate and cost', () => {
    let now = 0;
    const lines = new LabellingLines(() => now);
    expect(lines.take('model at http://x', { ...view(100, 200, 0), cost: '0.12' }, false)).toEqual([
      'model at http://x: 200 outputs to compute',
    ]);
    expect(lines.text()).toBe('100 of 200 rows  0.12');
    now = 60_000;
    expect(lines.take('model at http://x', { ...view(150, 200, 0), cost: '0.18' }, false)).toEqual([]);
    // 50 rows a minute.
    expect(lines.text()).toBe('150 of 200 rows  0.8 rows/s  1:00 left  0.18');
    expect(lines.fraction).toBe(0.75);
  });

  test('rows that were answered before are said in one line, for each data set', () => {
    const lines = new LabellingLines(() => 0);
    expect(lines.take('big', view(0, 0, 8200), true)).toEqual(['big: all 8,200 outputs are cached']);
    expect(lines.take('big', view(0, 0, 872), true)).toEqual(['big: all 872 outputs are cached']);
  });
});
