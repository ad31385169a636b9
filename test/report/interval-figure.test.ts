import { describe, expect, test } from 'vitest';
import { axisOver } from '../../src/report/axis.js';
import { intervalBar } from '../../src/report/interval-figure.js';

const axis = axisOver([0, 100], 4, { low: 0, high: 100 });
const placesOf = (text: string) => [...text.matchAll(/x[12]="([^"]+)%"/g)].map(([, place]) => Number(place));

describe('intervalBar', () => {
  // Two seeds that are far apart once drew a line across the whole page.
  test('an interval wider than the axis ends at its ends, without caps', () => {
    const bar = intervalBar(axis, { mean: 54, low: -86, high: 195 }, 30);
    expect(placesOf(bar.text)).toEqual([3, 97]);
  });

  test('one within the axis has a cap at each end', () => {
    expect(placesOf(intervalBar(axis, { mean: 54, low: 50, high: 60 }, 30).text)).toHaveLength(6);
  });
});
