/** @file How plans are told: every estimate as a range, all teachers, and a machine that is busy. */
import { describe, expect, test } from 'vitest';
import { formatTimeRange } from '../../src/cli/numbers.js';
import { busyLines, planInShort, planJson, planLines } from '../../src/cli/plan-lines.js';
import type { DistillationPlan } from '../../src/experiments/distillation/plan.js';

const disk = { modelBytes: 4e6, logBytes: 1000, stateBytes: 8e6 };
const stage = { parameters: 1e6, steps: 50, epochs: 1, seconds: 100, disk };
const plan: DistillationPlan = {
  parameters: 1e6,
  teacher: { ...stage, steps: 300, seconds: 1260, runs: 1 },
  arms: [
    {
      name: 'takd',
      runs: 2,
      finished: 0,
      steps: 100,
      seconds: 252,
      stages: [
        { ...stage, name: 'assistant-1', seconds: 126 },
        { ...stage, name: 'student', seconds: 126 },
      ],
    },
    { name: 'no-teacher', runs: 2, finished: 0, steps: 50, seconds: 12.6, stages: [stage] },
  ],
  runs: 4,
  steps: 300,
  labelling: [{ data: 'train', rows: 10, unanswered: 10, seconds: 63, bytes: 100 }],
  seconds: 1260 + 63 + 2 * (252 + 12.6),
  peakRssBytes: 1e9,
  disk: { modelBytes: 1e7, answerBytes: 100, logBytes: 1000, mostBytes: 3e7 },
};
const quiet = { load: 0.4, cores: 2, others: 0.02 };
const loaded = { load: 7.9, cores: 2, others: 0.61 };
const LOADED =
  '7.9 on 2 cores, 61 % of them at work for other programs: the time holds while the machine is as busy as now';

describe('formatTimeRange', () => {
  test.each([
    [1.26, '1.0 to 1.5 s'],
    [12.6, '10.0 to 15.8 s'],
    [63, '0:50 to 1:19'],
    [1260, '16:40 to 26:27'],
    [7200, '1:36:00 to 2:31:00'],
  ])('of %d s', (seconds, text) => expect(formatTimeRange(seconds)).toBe(text));

  // Rounding outwards once made 0.8 to 1.3 s of what was within a factor of 1.6.
  test('its ends, as they are shown, are at most a factor of 1.6 apart', () => {
    const inSeconds = (text: string) =>
      text
        .replace(' s', '')
        .split(':')
        .map(Number)
        .reduce((sum, part) => 60 * sum + part, 0);
    for (let seconds = 0.05; seconds < 2e5; seconds *= 1.01) {
      const [low = '', high = low] = formatTimeRange(seconds).split(' to ');
      expect(inSeconds(high), formatTimeRange(seconds)).toBeLessThanOrEqual(1.6 * inSeconds(low) + 1e-9);
    }
  });
});

describe('planLines', () => {
  test('every time is a range: of all, of each teacher, of a run and its phases', () => {
    expect(planLines(plan, quiet)[0]).toBe(
      'time     24:30 to 38:53 (the teacher’s training 16:40 to 26:27; its outputs 0:50 to 1:19; a run of takd 3:20 to 5:17' +
        ' (assistant-1 1:40 to 2:38, student 1:40 to 2:38), no-teacher 10.0 to 15.8 s)',
    );
  });

  test('a busy machine is named; a quiet one is not', () => {
    expect(planLines(plan, loaded)).toContain(`load     ${LOADED}`);
    expect(planLines(plan, quiet).join()).not.toContain('busy');
    expect(busyLines({ load: 0.5, cores: 1, others: 0.3 })).toEqual([
      'load     0.5 on 1 core, 30 % of it at work for other programs: the time holds while the machine is as busy as now',
    ]);
  });
});

describe('planInShort', () => {
  test('the teacher that is trained first, the range and the load', () => {
    expect(planInShort(plan, quiet)).toBe(
      'the teacher’s training, 300 steps, 4 runs, 300 steps, 24:30 to 38:53, 1.0 GB of memory, 10 MB of disk',
    );
    expect(planInShort(plan, loaded)).toContain(`, load ${LOADED},`);
    const folds = { ...plan, teacher: { ...stage, steps: 300, seconds: 1260, runs: 5 } };
    // By hand: five times 1260 s.
    expect(planInShort(folds, quiet)).toMatch(/^5 trainings of the teacher, 1,500 steps, 4 runs,/);
    expect(planLines(folds, quiet)[0]).toContain(' (5 trainings of the teacher 1:24:00 to 2:12:');
    const { seconds: _seconds, peakRssBytes: _memory, ...untimed } = plan;
    const { teacher: _teacher, ...fitted } = untimed;
    // Of linear students.
    expect(planInShort({ ...fitted, steps: 0 }, quiet)).toBe('4 runs without steps, 10 MB of disk');
    expect(planInShort(untimed, loaded)).toBe('the teacher’s training, 300 steps, 4 runs, 300 steps, 10 MB of disk');
  });
});

describe('planJson', () => {
  test('has the range beside the middle', () => {
    const { seconds, secondsRange } = planJson(plan) as {
      seconds: number;
      secondsRange: { low: number; high: number };
    };
    expect(seconds).toBe(plan.seconds);
    expect(secondsRange.low * secondsRange.high).toBeCloseTo(seconds ** 2, 3);
  });
});
