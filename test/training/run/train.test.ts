import { describe, expect, test } from 'vitest';
import { epochOrder } from '../../../src/data/shuffle.js';
import { DivergedError, InterruptedError } from '../../../src/errors/failures.js';
import { fromNumbers, toNumbers } from '../../../src/tensor/tensor.js';
import { type Position, planTraining, type TrainingRun, train } from '../../../src/training/run/train.js';
import { type LineOptions, type LineStep, lineData, lineStep } from '../linear-regression.js';

const ROWS = 11;
const data = lineData(ROWS);
const plan = planTraining({ rows: ROWS, batchSize: 4, epochs: 3 }); // 3 steps an epoch, the last with 3 rows
const base = { data, plan, seed: 7, learningRate: () => 0.1 };

const setup = (options: LineOptions = {}, run: Partial<TrainingRun> = {}) => {
  const step = lineStep(options);
  return { step, run: { ...base, step, ...run } satisfies TrainingRun };
};

const bytes = (step: LineStep) =>
  Array.from(new Uint32Array(Float32Array.from(step.state()['model.w']?.data ?? []).buffer));

describe('train', () => {
  test('takes every row once an epoch, in the order of the shuffle, and pads the last batch with weight 0', async () => {
    const { step, run } = setup();
    await train(run);
    expect(step.seen.map((input) => input.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const epoch of [0, 1, 2]) {
      const inputs = step.seen.slice(epoch * 3, epoch * 3 + 3);
      const real = inputs.flatMap(({ batches }) =>
        batches.flatMap(({ ids, weights }) => Array.from(ids).filter((_, row) => weights[row] === 1)),
      );
      expect(real).toEqual(Array.from(epochOrder(ROWS, 7, epoch)));
      expect(Array.from(inputs[2]?.batches[0]?.weights ?? [])).toEqual([1, 1, 1, 0]);
    }
  });

  test('approaches the solution of its data: w = (3, −1)', async () => {
    const { step, run } = setup({}, { plan: planTraining({ rows: ROWS, batchSize: 4, epochs: 80 }) });
    await train(run);
    const [w0, w1] = step.parameters().w?.data ?? [];
    expect(w0).toBeCloseTo(3, 3);
    expect(w1).toBeCloseTo(-1, 3);
  });

  test('the state does not depend on how steps are cut into runs', async () => {
    const states: number[][] = [];
    for (const stepsPerRun of [1, 2, 3, 100]) {
      const { step, run } = setup({ stepsPerRun });
      await train(run);
      states.push(bytes(step));
    }
    expect(new Set(states.map(String)).size).toBe(1);
  });

  test('resumed after any step it ends in the same state, with the same means', async () => {
    const follow = (ends: Position[], lines: unknown[]): Partial<TrainingRun> => ({
      lineSteps: 2,
      onLine: ({ step, lineLosses }) => lines.push({ step, lineLosses }),
      onEpochEnd: async (at) => {
        ends.push(structuredClone(at));
        return true;
      },
    });
    const [ends, lines]: [Position[], unknown[]] = [[], []];
    const whole = setup({}, follow(ends, lines));
    const last = await train(whole.run);
    for (let k = 0; k < plan.totalSteps; k++) {
      const [someEnds, someLines]: [Position[], unknown[]] = [[], []];
      const interruption = new AbortController();
      if (k === 0) interruption.abort();
      let stoppedAt: string | undefined;
      const first = setup(
        { stepsPerRun: 1 },
        {
          ...follow(someEnds, someLines),
          signal: interruption.signal,
          onRun: ({ step }) => {
            if (step === k) interruption.abort();
          },
          onStop: async (at) => {
            stoppedAt = JSON.stringify(at);
            return undefined;
          },
        },
      );
      await expect(train(first.run)).rejects.toThrow(InterruptedError);
      const from: Position = JSON.parse(stoppedAt ?? '');
      expect(from.step).toBe(k);
      const second = setup({}, { ...follow(someEnds, someLines), from });
      second.step.load(first.step.state());
      expect(await train(second.run)).toEqual(last);
      expect(bytes(second.step), `resumed after step ${k}`).toEqual(bytes(whole.step));
      expect(someEnds).toEqual(ends);
      expect(someLines).toEqual(lines);
    }
  });

  test('a run that had ended does nothing more when it is taken up', async () => {
    const { run } = setup();
    const end = await train(run);
    const again = setup({}, { from: end });
    expect(await train(again.run)).toEqual(end);
    expect(again.step.seen).toEqual([]);
  });

  test('an interruption names the step and how to go on, and leaves with exit code 130', async () => {
    const interruption = new AbortController();
    const { run } = setup(
      { during: () => interruption.abort() },
      { signal: interruption.signal, onStop: async () => 'out/resume' },
    );
    const failure = await train(run).catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: 130 });
    expect(String(failure)).toContain('after step 1');
    expect(String(failure)).toContain('the state is in out/resume: run the same command with --resume to continue');
  });

  test('a step that is not finite stops the run with the state before it, naming step, epoch and rows', async () => {
    let kept: Position | undefined;
    const { step, run } = setup(
      { failsAt: 5 },
      {
        onStop: async (at) => {
          kept = at;
          return 'out/resume';
        },
      },
    );
    const healthy = setup({}, { plan: planTraining({ rows: ROWS, batchSize: 4, epochs: 3, maxSteps: 4 }) });
    await train(healthy.run);
    const failure = await train(run).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DivergedError);
    const rows = epochOrder(ROWS, 7, 1).subarray(4, 8).join(', ');
    expect(String(failure)).toContain(`step 5 (epoch 2, batch of rows ${rows})`);
    expect(String(failure)).toContain('got loss NaN, gradient norm NaN');
    expect(String(failure)).toContain('lower the learning rate (it is 0.1) or clip gradients');
    expect(String(failure)).toContain('out/resume');
    expect(kept).toMatchObject({ step: 4, cursor: { epoch: 1, position: 4 } });
    expect(bytes(step)).toEqual(bytes(healthy.step));
  });

  test('accumulated batches make the step that one large batch makes', async () => {
    // 11 rows: 6 and 5 in a step; the last batch of the second step has no rows of its own in the last case.
    const large = setup({}, { plan: planTraining({ rows: ROWS, batchSize: 6, epochs: 2 }) });
    await train(large.run);
    for (const [batchSize, gradientAccumulationSteps] of [
      [3, 2],
      [2, 3],
      [1, 6],
    ] as const) {
      const some = setup({}, { plan: planTraining({ rows: ROWS, batchSize, gradientAccumulationSteps, epochs: 2 }) });
      await train(some.run);
      expect(some.step.seen[0]?.batches).toHaveLength(gradientAccumulationSteps);
      expect(some.step.seen.every(({ batches }) => batches.every(({ ids }) => ids.length === batchSize))).toBe(true);
      expect(bytes(some.step)).toEqual(bytes(large.step));
    }
  });

  test('a batch without rows of its own weighs nothing', async () => {
    const { step, run } = setup(
      {},
      { plan: planTraining({ rows: 5, batchSize: 2, gradientAccumulationSteps: 2, epochs: 1 }), data: lineData(5) },
    );
    await train(run);
    expect(step.seen[1]?.batches.map(({ weights }) => Array.from(weights))).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  test('steps get the schedule, the scalars and the teacher of their rows', async () => {
    const { step, run } = setup(
      {},
      {
        learningRate: (at) => at / 100,
        scalars: ({ step: at, epoch, totalSteps }) => ({ alpha: at / totalSteps, epoch }),
        teacher: ({ rows, paddedTo }) => ({
          logits: fromNumbers(
            'float32',
            [paddedTo],
            Array.from({ length: paddedTo }, (_, i) => rows[i % rows.length] ?? -1),
          ),
        }),
      },
    );
    await train(run);
    expect(step.seen.map(({ learningRate }) => learningRate)).toEqual([
      0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09,
    ]);
    expect(step.seen[3]?.scalars).toEqual({ alpha: 4 / 9, epoch: 1 });
    for (const { batches, teacher } of step.seen) {
      expect(toNumbers(teacher?.[0]?.logits ?? { data: [] })).toEqual(Array.from(batches[0]?.ids ?? []));
    }
  });

  test('maxSteps ends the run in mid-epoch, and the epoch is closed', async () => {
    const ends: number[] = [];
    const { step, run } = setup(
      {},
      {
        plan: planTraining({ rows: ROWS, batchSize: 4, epochs: 3, maxSteps: 5 }),
        onEpochEnd: async (at) => {
          ends.push(at.step);
          return true;
        },
      },
    );
    const end = await train(run);
    expect(step.seen).toHaveLength(5);
    expect(ends).toEqual([3, 5]);
    const again = setup({}, { plan: run.plan, from: end });
    await train(again.run);
    expect(again.step.seen).toEqual([]);
  });

  test('an epoch may be the last if whoever evaluates it says so', async () => {
    const { step, run } = setup({}, { onEpochEnd: async ({ cursor }) => cursor.epoch < 1 });
    await train(run);
    expect(step.seen).toHaveLength(6);
  });

  test('a run of slow steps is kept short', async () => {
    const wait = (steps: number) => {
      const end = performance.now() + steps * 60;
      while (performance.now() < end);
    };
    const { step, run } = setup(
      { stepsPerRun: 100, during: wait },
      { plan: planTraining({ rows: ROWS, batchSize: 1, epochs: 1 }) },
    );
    await train(run);
    expect(step.runs[0]).toBe(1);
    // 0.4 s a run, at 60 ms a step.
    expect(Math.max(...step.runs)).toBeLessThanOrEqual(7);
  });

  test('the event loop gets a turn between two runs', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const spin = () => {
      const end = performance.now() + 3;
      while (performance.now() < end);
    };
    const { run } = setup({ stepsPerRun: 1, during: spin });
    await train(run);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  test('a position of another run is refused', async () => {
    const { run } = setup(
      {},
      {
        from: {
          step: 2,
          cursor: { epoch: 1, position: 4 },
          epochLosses: { steps: 0, loss: 0, losses: {} },
          lineLosses: { steps: 0, loss: 0, losses: {} },
        },
      },
    );
    await expect(train(run)).rejects.toThrow(
      'training state: wanted a step of a run with 3 steps per epoch, got step 2',
    );
  });
});

describe('planTraining', () => {
  test('counts a short last batch and a short last step', () => {
    expect(planTraining({ rows: 10, batchSize: 4, epochs: 2 })).toMatchObject({ stepsPerEpoch: 3, totalSteps: 6 });
    expect(planTraining({ rows: 10, batchSize: 2, gradientAccumulationSteps: 2, epochs: 1 })).toMatchObject({
      rowsPerStep: 4,
      stepsPerEpoch: 3,
    });
  });

  test('a limit cuts the epoch', () => {
    const limited = planTraining({ rows: 100, batchSize: 10, epochs: 2, limitTrainBatches: { fraction: 0.35 } });
    expect(limited).toMatchObject({ stepsPerEpoch: 3, rowsPerEpoch: 30, totalSteps: 6 });
  });

  test.each([
    [{ epochs: 0 }, 'epochs: wanted an integer ≥ 1, got 0'],
    [{ batchSize: 1.5 }, 'batchSize: wanted an integer ≥ 1, got 1.5'],
    [{ maxSteps: 0 }, 'maxSteps: wanted an integer ≥ 1, got 0'],
    [{ rows: 0 }, 'rows of the training set: wanted an integer ≥ 1, got 0'],
    [{ limitTrainBatches: { batches: 0 } }, 'limitTrainBatches: wanted at least one batch to train on, got 0'],
  ])('%j is refused', (wrong, message) => {
    expect(() => planTraining({ rows: 10, batchSize: 2, epochs: 1, ...wrong })).toThrow(message);
  });
});
