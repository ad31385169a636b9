import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProgress, type ProgressView, progressLine } from '../../src/cli/progress.js';
import type { TrainingEvent } from '../../src/training/run/events.js';
import { memoryStream } from './memory-stream.js';

const colors = pc.createColors(false);

/** Two epochs of two steps, with an evaluation and a checkpoint after each. */
const RUN: readonly TrainingEvent[] = [
  { type: 'start', totalSteps: 4, epochs: 2, trainRows: 12_800, parameters: 12_730 },
  { type: 'notice', text: 'the test set is scored each epoch' },
  ...[1, 2].flatMap((epoch): TrainingEvent[] => [
    step(epoch * 2 - 1, epoch, 3 / epoch, 3 / epoch),
    step(epoch * 2, epoch, 1 / epoch, 2 / epoch),
    { type: 'evaluation', epoch, step: epoch * 2, split: 'test', metrics: { accuracy: 0.9 + epoch / 100 } },
    { type: 'checkpoint', path: 'out/last.ckpt', kind: 'last' },
    { type: 'checkpoint', path: 'out/resume', kind: 'resume' },
  ]),
  { type: 'end', steps: 4, seconds: 1.25 },
];

function step(index: number, epoch: number, loss: number, epochLoss = loss): TrainingEvent {
  return {
    type: 'step',
    step: index,
    totalSteps: 4,
    epoch,
    loss,
    losses: { hard: loss },
    epochLoss,
    learningRate: 0.005,
    rowsPerSecond: 64_000,
  };
}

// witness: the means of the losses 3, 1 and 1.5, 0.5 are 2 and 1
const LINES = [
  'training: 12,730 parameters, 12,800 rows, 4 steps in 2 epochs',
  'note: the test set is scored each epoch',
  'epoch 1/2  loss 2.0000  test accuracy 91.00 %',
  'epoch 2/2  loss 1.0000  test accuracy 92.00 %',
  'done: 4 steps in 1.3 s',
  'saved: out/last.ckpt',
  '',
].join('\n');

describe('createProgress', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('a pipe gets one line an epoch, as it ends', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors });
    for (const event of RUN) progress.onEvent(event);
    progress.close();
    expect(stream.text()).toBe(LINES);
  });

  test('the epochs of a stage have its name', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors });
    const phase = { name: 'intermediate', number: 1, of: 2 };
    for (const event of RUN) progress.onEvent(event.type === 'start' ? { ...event, phase } : event);
    expect(stream.text()).toContain('intermediate, 1 of 2: 12,730 parameters');
    expect(stream.text()).toContain('intermediate 1/2  loss 2.0000');
    const view = { step: 3, totalSteps: 4, epoch: 2, epochs: 2, loss: 1, rowsPerSecond: NaN, secondsLeft: undefined };
    expect(progressLine({ ...view, phase: 'intermediate' }, 60)).toContain('intermediate 2/2   75 %');
  });

  test('--quiet gets nothing, on a terminal too', async () => {
    for (const stream of [memoryStream(), memoryStream(80)]) {
      const progress = await createProgress(stream, { isQuiet: true, colors });
      for (const event of RUN) progress.onEvent(event);
      expect(stream.text()).toBe('');
    }
  });

  test('a terminal that cannot move its cursor gets the lines alone', async () => {
    const stream = memoryStream(80);
    const progress = await createProgress(stream, { isQuiet: false, colors, isDumb: true });
    for (const event of RUN) progress.onEvent(event);
    expect(stream.text()).toBe(LINES);
  });

  test('a terminal shows a bar below the same lines and keeps only the lines', async () => {
    let now = 0;
    const stream = memoryStream(70);
    const progress = await createProgress(stream, { isQuiet: false, colors, now: () => now });
    for (const event of RUN) {
      now += 1000;
      progress.onEvent(event);
    }
    progress.close();
    expect(screen(stream.text())).toBe(LINES);
    // Step 1 came 2 s after the start (the notice took one): three steps more at that rate are 6 s.
    expect(stripVTControlCharacters(stream.text())).toContain('epoch 1/2   25 %  0:06 left  64,000 rows/s  ');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('time left counts only the steps of this process after a resume', async () => {
    let now = 0;
    const stream = memoryStream(70);
    const progress = await createProgress(stream, { isQuiet: false, colors, now: () => now });
    const start = { type: 'start', totalSteps: 4, epochs: 2, trainRows: 128, parameters: 1, resumedAtStep: 2 } as const;
    progress.onEvent(start);
    now += 10_000;
    progress.onEvent(step(3, 2, 1));
    progress.close();
    expect(screen(stream.text())).toContain('4 steps in 2 epochs, resumed after step 2');
    expect(stripVTControlCharacters(stream.text())).toContain('0:10 left');
  });

  test('a brief one shows notices and the lines of its command', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors, isBrief: true });
    progress.print('one of two');
    for (const event of RUN) progress.onEvent(event);
    expect(stream.text()).toBe('one of two\nnote: the test set is scored each epoch\n');
  });

  test('a warning that two runs of a command share is told once', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors, isBrief: true });
    const texts = ['9 of 80 rows are cut', '9 of 80 rows are cut', '3 of 20 rows are cut'];
    for (const text of texts) progress.onEvent({ type: 'warning', name: 'truncation', text, fix: 'raise it' });
    expect(stream.text()).toBe(
      'warning (truncation): 9 of 80 rows are cut\n  → raise it\n' +
        'warning (truncation): 3 of 20 rows are cut\n  → raise it\n',
    );
  });

  test('an epoch without evaluation still gets its line, and early stopping is told', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors });
    for (const event of [step(1, 1, 2), step(3, 2, 1)]) progress.onEvent(event);
    progress.onEvent({ type: 'end', steps: 3, seconds: 75, stoppedEarly: true });
    expect(stream.text()).toBe(
      'epoch 1/?  loss 2.0000\nepoch 2/?  loss 1.0000\ndone: 3 steps in 1:15, stopped early\n',
    );
  });
});

describe('the download of a model', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const MEGABYTE = 1e6;
  const parts = [0, 20, 40].map((done) => ({
    file: 'model.safetensors',
    bytes: done * MEGABYTE,
    totalBytes: 40 * MEGABYTE,
  }));

  test.each([
    ['a pipe gets a line at its start and one at its end', undefined],
    ['a terminal keeps the same lines', 70],
  ])('%s', async (_what, columns) => {
    let now = 0;
    const stream = memoryStream(columns);
    const progress = await createProgress(stream, { isQuiet: false, colors, now: () => now });
    for (const part of parts) {
      now += 1000;
      progress.onDownload('minilm-l6', part);
    }
    progress.close();
    const shown = columns === undefined ? stream.text() : screen(stream.text());
    expect(shown).toBe('downloading minilm-l6: 40.0 MB\ndownloaded minilm-l6\n');
    if (columns !== undefined) {
      // Half of it: 15 of the bar's 30 columns.
      const bar = `${'█'.repeat(15)}${'░'.repeat(15)}  minilm-l6  20.0 of 40.0 MB`;
      expect(stripVTControlCharacters(stream.text())).toContain(bar);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what is there already is not spoken of', async () => {
    const stream = memoryStream();
    const progress = await createProgress(stream, { isQuiet: false, colors });
    progress.onDownload('minilm-l6', { file: 'config.json', bytes: 9, totalBytes: 9 });
    expect(stream.text()).toBe('');
  });
});

describe('progressLine', () => {
  const view: ProgressView = {
    step: 1200,
    totalSteps: 2814,
    epoch: 2,
    epochs: 3,
    loss: 0.31415,
    rowsPerSecond: 412_345.6,
    secondsLeft: 75,
  };

  // witness: 1200 / 2814 is 42.6 %, and of 30, 6, 12 and 13 columns 13, 3, 5 and 6 to the nearest
  test.each([
    [100, `${'█'.repeat(13)}${'░'.repeat(17)}  epoch 2/3   42 %  1:15 left  412,346 rows/s  loss 0.3141`],
    [40, `${'█'.repeat(3)}${'░'.repeat(3)}   42 %  1:15 left  412,346 rows/s`],
    [30, `${'█'.repeat(5)}${'░'.repeat(7)}   42 %  1:15 left`],
    [20, `${'█'.repeat(6)}${'░'.repeat(7)}   42 %`],
    [5, ' 42 %'],
    [0, ''],
  ])('%i columns', (columns, expected) => {
    expect(progressLine(view, columns)).toBe(expected);
  });

  test('never is wider than the terminal', () => {
    for (let columns = 0; columns < 120; columns++) {
      expect(progressLine(view, columns).length).toBeLessThanOrEqual(columns);
    }
  });
});

/** What a terminal shows after these bytes: carriage returns, clear line, clear below; one row is the current one. */
function screen(bytes: string): string {
  const rows = [''];
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
  for (const [token] of bytes.matchAll(/\u001b\[\d*[A-Za-z]|[^\u001b]/gu)) {
    const row = rows.at(-1) ?? '';
    if (token === '\n') {
      rows.push('');
      column = 0;
    } else if (/\[1?G$/.test(token)) {
      column = 0;
    } else if (/\[2K$/.test(token)) {
      rows[rows.length - 1] = '';
    } else if (/\[0?[KJ]$/.test(token)) {
      rows[rows.length - 1] = row.slice(0, column);
    } else if (token.length === 1) {
      rows[rows.length - 1] = row.slice(0, column) + token + row.slice(column + 1);
      column += 1;
    } else {
      throw new Error(`the test's terminal does not know ${JSON.stringify(token)}`);
    }
  }
  return rows.join('\n');
}
