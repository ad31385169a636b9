import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DivergedError, InterruptedError, OptionError } from '../../../src/errors/failures.js';
import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { loadModel } from '../../../src/models/saved-model.js';
import { adam } from '../../../src/optim/adam.js';
import type { TrainingEvent } from '../../../src/training/run/events.js';
import { runTraining } from '../../../src/training/run/run.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { temporaryFolder } from '../../files/processes.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const root = temporaryFolder();
let count = 0;
const newDir = (): string => join(root, `run-${count++}`);

const train = blobs('train', 90);
const evaluation = blobs('held out', 40);

function options(outputDir: string, more: Partial<RunOptions> = {}): RunOptions {
  return {
    model: mlp({ inputs: PIXELS, hidden: [5], classes: CLASSES }),
    method: supervised(),
    data: { train, evaluation },
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 4,
    batchSize: 8,
    seed: 3,
    threads: 1,
    outputDir,
    ...more,
  };
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const json = (...path: string[]) => JSON.parse(read(...path));
const lines = (dir: string): Record<string, unknown>[] =>
  read(dir, 'log.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
/** And without the checksum, which is over the times too. */
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner: unknown) => (['seconds', 'sha256'].includes(key) ? undefined : inner)));
const modelBytes = (path: string): Buffer => readFileSync(join(path, 'model.safetensors'));

/** Runs until the given step has been seen, and then interrupts. */
async function interrupted(dir: string, step: number, more: Partial<RunOptions> = {}): Promise<unknown> {
  const interruption = new AbortController();
  const stop = (event: TrainingEvent) => {
    if (event.type === 'step' && event.step >= step) interruption.abort();
  };
  return runTraining(options(dir, { signal: interruption.signal, onEvent: stop, ...more })).catch(
    (error: unknown) => error,
  );
}

describe('runTraining', () => {
  test('learns, and leaves models, metrics and log, but no state', async () => {
    const dir = newDir();
    const events: TrainingEvent[] = [];
    const result = await runTraining(
      options(dir, {
        data: { train: blobs('train', 90, { noise: 30 }), evaluation: blobs('held out', 40, { noise: 30 }) },
        saveTopK: 1,
        epochs: 8,
        command: 'retort test',
        onEvent: (event) => events.push(event),
      }),
    );
    expect(result.status).toBe('finished');
    // Three classes far apart: they can be told without error, and chance is 1/3.
    expect(result.record.metrics.accuracy).toBeGreaterThan(0.9);
    const [kept] = result.record.kept;
    expect(readdirSync(dir).sort()).toEqual([kept?.name, 'last.ckpt', 'log.jsonl', 'metrics.json']);
    expect(kept?.name).toMatch(/^epoch=\d-accuracy=\d\.\d{4}\.ckpt$/);
    const best = Math.max(...result.record.epochs.map(({ metrics }) => metrics.accuracy ?? 0));
    expect(kept?.value).toBe(best);
    expect(json(dir, 'metrics.json')).toMatchObject({
      format: 'retort-run',
      command: 'retort test',
      seed: 3,
      parameters: 5 * PIXELS + 5 + CLASSES * 5 + CLASSES,
      data: { train: { name: 'train', rows: 90 }, evaluation: { name: 'held out', rows: 40 } },
      steps: 8 * 12,
      last: 'last.ckpt',
      options: { threads: 1 },
    });
    expect(events.at(0)).toEqual({
      type: 'start',
      totalSteps: 96,
      epochs: 8,
      trainRows: 90,
      parameters: 83,
    });
    expect(events.filter(({ type }) => type === 'evaluation')).toHaveLength(8);
    expect(events.at(-1)).toMatchObject({ type: 'end', steps: 96 });
    // Every epoch's last step has an event, with the mean of the epoch.
    const ends = events.flatMap((event) => (event.type === 'step' && event.step % 12 === 0 ? [event.epochLoss] : []));
    expect(ends).toEqual(result.record.epochs.map(({ loss }) => loss));
  });

  test('the saved model is the one the result holds', async () => {
    const dir = newDir();
    const { weights, lastPath } = await runTraining(options(dir));
    const saved = await loadModel(dir);
    expect(lastPath).toBe(join(dir, 'last.ckpt'));
    expect(saved.weights).toEqual(weights);
    expect(saved.labelNames).toEqual(['a', 'b', 'c']);
    expect(saved.method?.name).toBe('supervised');
  });

  test('the log has the means of every 50 steps, of every epoch, and every evaluation', async () => {
    const dir = newDir();
    const { record } = await runTraining(options(dir, { epochs: 5 }));
    expect(lines(dir).map(({ type, step, epoch }) => [type, step, epoch])).toEqual([
      ['start', undefined, undefined],
      ...[1, 2, 3, 4].flatMap((epoch) => [
        ['epoch', epoch * 12, epoch],
        ['evaluation', epoch * 12, epoch],
      ]),
      ['steps', 50, 5],
      ['epoch', 60, 5],
      ['evaluation', 60, 5],
      ['end', undefined, undefined],
    ]);
    const evaluations = lines(dir).flatMap(({ type, metrics }) => (type === 'evaluation' ? [metrics] : []));
    expect(evaluations).toEqual(record.epochs.map(({ metrics }) => metrics));
  });

  test('the same seed gives the same bytes, twice and however steps are cut; another seed others', async () => {
    const dirs = [newDir(), newDir(), newDir(), newDir()];
    const [one, two, cut, other] = dirs as [string, string, string, string];
    const { openInGraphStep } = await import('../../../src/training/step/in-graph-step.js');
    await runTraining(options(one));
    await runTraining(options(two));
    await runTraining(
      options(cut, { openStep: async (wanted) => ({ ...(await openInGraphStep(wanted)), stepsPerRun: 1 }) }),
    );
    await runTraining(options(other, { seed: 4 }));
    const [a, b, c, d] = dirs.map((dir) => modelBytes(join(dir, 'last.ckpt')));
    expect(b?.equals(a as Buffer)).toBe(true);
    expect(c?.equals(a as Buffer)).toBe(true);
    expect(d?.equals(a as Buffer)).toBe(false);
    expect(withoutTimes(lines(two))).toEqual(withoutTimes(lines(one)));
  });

  test('interrupted and resumed it ends with the same models, metrics and log', async () => {
    const whole = newDir();
    await runTraining(options(whole, { saveTopK: 2 }));
    for (const step of [1, 12, 20, 47]) {
      const dir = newDir();
      const failure = await interrupted(dir, step, { saveTopK: 2 });
      expect(failure).toBeInstanceOf(InterruptedError);
      expect(String(failure)).toContain(join(dir, 'resume'));
      expect(existsSync(join(dir, 'metrics.json'))).toBe(false);
      const events: TrainingEvent[] = [];
      await runTraining(options(dir, { saveTopK: 2, resume: true, onEvent: (event) => events.push(event) }));
      const start = events[0];
      expect(start?.type === 'start' ? start.resumedAtStep : undefined).toBeGreaterThanOrEqual(step);
      expect(readdirSync(dir).sort()).toEqual(readdirSync(whole).sort());
      for (const name of readdirSync(whole).filter((entry) => entry.endsWith('.ckpt'))) {
        expect(modelBytes(join(dir, name)).equals(modelBytes(join(whole, name))), `${name}, step ${step}`).toBe(true);
      }
      expect(withoutTimes(lines(dir))).toEqual(withoutTimes(lines(whole)));
      expect(withoutTimes(json(dir, 'metrics.json'))).toEqual(withoutTimes(json(whole, 'metrics.json')));
    }
  });

  test('a state saved between the last step of an epoch and its close loses nothing of that epoch', async () => {
    const dir = newDir();
    const atEnd = newDir();
    const after = newDir();
    const copyState = (from: string, to: string) =>
      cpSync(join(from, 'resume'), join(to, 'resume'), { recursive: true });
    const savedAt = (folder: string) => json(folder, 'resume', 'trainer.json');
    // The first state of all that stands at an epoch's end.
    await runTraining(
      options(dir, {
        stateSeconds: 0,
        onEvent: ({ type }) => {
          if (type !== 'checkpoint' || existsSync(join(atEnd, 'resume'))) return;
          if (existsSync(join(dir, 'resume')) && savedAt(dir).cursor.position === train.size) copyState(dir, atEnd);
        },
      }),
    );
    expect(savedAt(atEnd)).toMatchObject({ cursor: { epoch: 0 }, epochs: [] });
    // The state saved next once had the findings of the one that was resumed.
    const states: { cursor: { epoch: number }; epochs: unknown[] }[] = [];
    cpSync(atEnd, after, { recursive: true });
    await runTraining(
      options(after, {
        resume: true,
        stateSeconds: 0,
        onEvent: ({ type }) => {
          if (type === 'checkpoint' && existsSync(join(after, 'resume'))) states.push(savedAt(after));
        },
      }),
    );
    expect(states.length).toBeGreaterThan(0);
    for (const { cursor, epochs } of states) expect(epochs).toHaveLength(cursor.epoch);
    expect(json(after, 'metrics.json').epochs).toHaveLength(4);
  });

  test('interrupted again and again within one epoch, it ends with the same bytes', async () => {
    const whole = newDir();
    await runTraining(options(whole));
    const dir = newDir();
    const { openInGraphStep } = await import('../../../src/training/step/in-graph-step.js');
    // The state that was saved second once had the position of the first.
    for (let steps = 1; steps <= 6; steps++) {
      const interruption = new AbortController();
      const failure = await runTraining(
        options(dir, {
          resume: true,
          stateSeconds: 0,
          signal: interruption.signal,
          openStep: async (wanted) => {
            const step = await openInGraphStep(wanted);
            const run: typeof step.run = (inputs) => {
              interruption.abort();
              return step.run(inputs);
            };
            return { ...step, run };
          },
        }),
      ).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(InterruptedError);
      expect(json(dir, 'resume', 'trainer.json').step).toBe(steps);
    }
    await runTraining(options(dir, { resume: true }));
    expect(modelBytes(join(dir, 'last.ckpt')).equals(modelBytes(join(whole, 'last.ckpt')))).toBe(true);
    expect(withoutTimes(lines(dir))).toEqual(withoutTimes(lines(whole)));
  });

  test('resuming with another option names it, and changes nothing', async () => {
    const dir = newDir();
    // One that somebody adds and thinks no more of.
    const madeUp: object = { madeUp: 1 };
    await interrupted(dir, 12, madeUp);
    const before = modelBytes(join(dir, 'resume'));
    for (const [more, message] of [
      [{ batchSize: 16 }, 'resuming with another batchSize: wanted 8, as at the start, got 16'],
      [{ optimizer: adam({ learningRate: 0.02 }) }, 'another optimizer.learningRate: wanted 0.01'],
      [{ optimizer: adam({ learningRate: 0.01, betas: [0.8, 0.999] }) }, 'another optimizer.settings'],
      [{ seed: 4 }, 'another seed: wanted 3, as at the start, got 4'],
      [{ epochs: 5 }, 'another epochs: wanted 4'],
      [{ maxGradNorm: 1 }, 'another maxGradNorm: wanted none, as at the start, got 1'],
      [{ method: supervised({ labelSmoothing: 0.1 }) }, 'another method.options.labelSmoothing: wanted 0'],
      [{ data: { train: blobs('train', 90, { seed: 2 }), evaluation } }, 'another trainData.hash'],
      [{ madeUp: 2 } as object, 'another madeUp: wanted 1, as at the start, got 2'],
      [
        { threads: 2 },
        'another threads: wanted 1, as at the start, got 2; give --threads 1: another number changes the rounding of sums',
      ],
      [{ model: mlp({ inputs: PIXELS, hidden: [6], classes: CLASSES }) }, 'another model.config.hidden: wanted [5]'],
    ] satisfies [Partial<RunOptions>, string][]) {
      const failure = await runTraining(options(dir, { resume: true, ...madeUp, ...more })).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(OptionError);
      expect(String(failure)).toContain(message);
    }
    expect(modelBytes(join(dir, 'resume')).equals(before)).toBe(true);
    expect((await runTraining(options(dir, { resume: true, ...madeUp }))).status).toBe('finished');
  });

  test('resuming what was never begun starts; what has ended says so and does nothing', async () => {
    const dir = newDir();
    const first = await runTraining(options(dir, { resume: true }));
    const before = modelBytes(join(dir, 'last.ckpt'));
    const events: TrainingEvent[] = [];
    const again = await runTraining(options(dir, { resume: true, onEvent: (event) => events.push(event) }));
    expect(again.status).toBe('already-finished');
    expect(again.record).toEqual(first.record);
    expect(again.weights).toEqual(first.weights);
    expect(events.map(({ type }) => type)).toEqual(['notice']);
    expect(modelBytes(join(dir, 'last.ckpt')).equals(before)).toBe(true);
    await expect(runTraining(options(dir, { resume: true, epochs: 9 }))).rejects.toThrow('another epochs');
    // Whoever called may have removed its model since, as experiments do.
    rmSync(join(dir, 'last.ckpt'), { recursive: true });
    const without = await runTraining(options(dir, { resume: true }));
    expect(without).toEqual({ status: 'already-finished', record: first.record, keptPaths: [] });
  });

  test('what a run left that was killed before its first save is cleared away by --resume', async () => {
    const dir = newDir();
    await interrupted(dir, 13, { saveTopK: -1 });
    rmSync(join(dir, 'resume'), { recursive: true });
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    expect(readdirSync(dir).filter((name) => name.endsWith('.ckpt')).length).toBeGreaterThan(0);
    await runTraining(options(dir, { resume: true }));
    expect(readdirSync(dir).sort()).toEqual(['last.ckpt', 'log.jsonl', 'metrics.json', 'notes.txt']);
  });

  test('a folder of something else is not touched, with --resume neither', async () => {
    const dir = newDir();
    await runTraining(options(dir));
    rmSync(join(dir, 'metrics.json'));
    rmSync(join(dir, 'log.jsonl'));
    for (const resume of [false, true]) {
      await expect(runTraining(options(dir, { resume }))).rejects.toThrow('wanted a new or empty output folder');
    }
    expect(readdirSync(dir)).toEqual(['last.ckpt']);
  });

  test('--overwrite gives the bytes of a run in a new folder', async () => {
    const [dir, fresh] = [newDir(), newDir()];
    await runTraining(options(dir, { seed: 8, saveTopK: 3 }));
    await runTraining(options(dir, { overwrite: true }));
    await runTraining(options(fresh));
    expect(readdirSync(dir).sort()).toEqual(readdirSync(fresh).sort());
    expect(modelBytes(join(dir, 'last.ckpt')).equals(modelBytes(join(fresh, 'last.ckpt')))).toBe(true);
  });

  test('a learning rate that diverges stops the run with the state before the step, and frees the folder', async () => {
    const dir = newDir();
    const failure = await runTraining(options(dir, { optimizer: adam({ learningRate: 1e38 }) })).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(DivergedError);
    expect(String(failure)).toMatch(/^DivergedError: step \d+ \(epoch 1, batch of rows \d+, /);
    expect(String(failure)).toContain('lower the learning rate');
    const step = Number(/step (\d+)/.exec(String(failure))?.[1]);
    expect(json(dir, 'resume', 'trainer.json')).toMatchObject({ step: step - 1 });
    const { weights } = await loadModel(join(dir, 'resume'));
    expect(Object.values(weights).every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(existsSync(join(dir, '.lock'))).toBe(false);
  });

  test('early stopping ends the run and is recorded', async () => {
    const dir = newDir();
    const { record } = await runTraining(
      options(dir, { epochs: 30, earlyStopping: { metric: 'loss', mode: 'min', patience: 1, minDelta: 0.5 } }),
    );
    expect(record.stoppedEarly).toBe(true);
    expect(record.epochs.length).toBeLessThan(30);
    expect(record.steps).toBe(record.epochs.length * 12);
  });

  test('with restoreBest a run ends with the model of its best epoch, interrupted or not', async () => {
    // At this rate the loss rises again after some epochs.
    const more = {
      ...{ epochs: 12, optimizer: adam({ learningRate: 0.3 }) },
      monitor: { metric: 'loss', mode: 'min' } as const,
    };
    const kept = await runTraining(options(newDir(), { ...more, saveTopK: 1 }));
    const losses = kept.record.epochs.map(({ metrics }) => metrics.loss as number);
    const best = losses.indexOf(Math.min(...losses));
    expect(best).toBeLessThan(losses.length - 1);

    const dir = newDir();
    const stopped = { ...more, restoreBest: true, earlyStopping: { ...more.monitor, patience: 12 } };
    const { record, lastPath, weights } = await runTraining(options(dir, stopped));
    expect(modelBytes(lastPath as string)).toEqual(modelBytes(kept.keptPaths[0] as string));
    expect(record.metrics.loss).toBe(losses[best]);
    expect(weights).toEqual((await loadModel(dir)).weights);
    expect([record.kept, readdirSync(dir).sort()]).toEqual([[], ['last.ckpt', 'log.jsonl', 'metrics.json']]);

    const again = newDir();
    expect(await interrupted(again, 12 * (best + 2), { ...stopped, stateSeconds: 0 })).toBeInstanceOf(InterruptedError);
    await runTraining(options(again, { ...stopped, resume: true }));
    expect(modelBytes(join(again, 'last.ckpt'))).toEqual(modelBytes(lastPath as string));
  });

  test('a fast dev run takes one batch of each and keeps no model', async () => {
    const dir = newDir();
    const { record, lastPath, keptPaths } = await runTraining(options(dir, { fastDevRun: true, saveTopK: 3 }));
    expect(record.steps).toBe(1);
    expect(record.data.evaluation?.rows).toBe(8);
    expect([lastPath, keptPaths]).toEqual([undefined, []]);
    expect(readdirSync(dir).sort()).toEqual(['log.jsonl', 'metrics.json']);
  });

  test('limits cut both sets; without evaluation batches there are no metrics', async () => {
    const limited = await runTraining(
      options(newDir(), { limitTrainBatches: { batches: 2 }, limitEvalBatches: { fraction: 0.5 }, evalBatchSize: 10 }),
    );
    expect(limited.record.steps).toBe(8);
    expect(limited.record.data.evaluation?.rows).toBe(20);
    const notices: string[] = [];
    const none = await runTraining(
      options(newDir(), {
        limitEvalBatches: { batches: 0 },
        saveTopK: 1,
        onEvent: (event) => event.type === 'notice' && notices.push(event.text),
      }),
    );
    expect(none.record.metrics).toEqual({});
    expect(none.keptPaths).toEqual([]);
    expect(notices).toEqual([expect.stringContaining('nothing to rank models by')]);
  });

  test('gradient accumulation equals the larger batch, to rounding', async () => {
    const large = await runTraining(options(newDir(), { batchSize: 8 }));
    const small = await runTraining(options(newDir(), { batchSize: 2, gradientAccumulationSteps: 4 }));
    expect(small.record.steps).toBe(large.record.steps);
    expect(small.weights).toEqual(large.weights);
  });

  test('data with more classes than the model is refused before the folder is made', async () => {
    const dir = newDir();
    const model = mlp({ inputs: PIXELS, hidden: [5], classes: 2 });
    await expect(runTraining(options(dir, { model }))).rejects.toThrow(
      'train: wanted labels of at most 2 classes, as the model has, got 3 classes; give the model 3 classes',
    );
    expect(existsSync(dir)).toBe(false);
  });
});
