import { describe, expect, test } from 'vitest';
import { checkEarlyStopping, type EarlyStopping, FRESH, waitFor } from '../../../src/training/run/early-stopping.js';

/** The number of evaluations, from 1, after which the run stops; 0 if it does not. */
function stopsAfter(options: EarlyStopping, values: readonly number[]): number {
  let patience = FRESH;
  for (const [i, value] of values.entries()) {
    const { isOver, ...next } = waitFor(options, patience, { [options.metric]: value });
    if (isOver) return i + 1;
    patience = next;
  }
  return 0;
}

describe('early stopping', () => {
  // witness: the rule of Lightning's EarlyStopping by hand: stop once `patience` values in a row were not better than the
  // best by more than minDelta.
  test.each<[Omit<EarlyStopping, 'metric'>, number[], number]>([
    [{ mode: 'max', patience: 2 }, [0.5, 0.6, 0.6, 0.59], 4],
    [{ mode: 'max', patience: 2 }, [0.5, 0.4, 0.6, 0.5, 0.61], 0],
    [{ mode: 'min', patience: 1 }, [2, 1, 1], 3],
    [{ mode: 'min', patience: 3 }, [2, 3, 3, 1, 2, 2], 0],
    [{ mode: 'max', patience: 2, minDelta: 0.1 }, [0.5, 0.55, 0.58], 3],
    [{ mode: 'max', patience: 1 }, [0.5, Number.NaN], 2],
    [{ mode: 'max', patience: 1 }, [Number.NaN, 0.5, 0.6], 0],
  ])('%j over %j stops after %i', (options, values, after) => {
    expect(stopsAfter({ metric: 'accuracy', ...options }, values)).toBe(after);
  });

  test('a metric that is not measured is named', () => {
    const options: EarlyStopping = { metric: 'f1', mode: 'max', patience: 1 };
    expect(() => waitFor(options, FRESH, { accuracy: 1, loss: 0 })).toThrow(
      'earlyStopping metric: wanted a measured metric: accuracy, loss, got f1',
    );
  });

  test('patience and minDelta are checked', () => {
    expect(() => checkEarlyStopping({ metric: 'loss', mode: 'min', patience: 0 })).toThrow('earlyStopping patience');
    expect(() => checkEarlyStopping({ metric: 'loss', mode: 'min', patience: 1, minDelta: 0 })).not.toThrow();
    expect(() => checkEarlyStopping({ metric: 'loss', mode: 'min', patience: 1, minDelta: -1 })).toThrow('minDelta');
  });
});
