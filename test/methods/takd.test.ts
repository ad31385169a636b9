/** @file Chains of assistants: which paths there are, and what a plan makes of the scores. */
import { describe, expect, test } from 'vitest';
import type { Phase, PhasesSoFar } from '../../src/methods/method.js';
import { patientKd } from '../../src/methods/pkd.js';
import { assistantPaths, takd, takdOver } from '../../src/methods/takd.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import { readGolden } from '../losses/golden-cases.js';

type PathsCase = { readonly inputs: { readonly sizes: number[] }; readonly expected: { readonly paths: number[][] } };

describe('assistantPaths', () => {
  test('are those of the witness, in its order', () => {
    const { inputs, expected } = readGolden<Record<string, PathsCase>>('golden.json')['takd/paths'] as PathsCase;
    const { sizes } = inputs;
    const [teacher, student] = [sizes[0], sizes.at(-1)];
    const paths = assistantPaths(sizes.slice(1, -1)).map((path) => [teacher, ...path, student]);
    expect(paths).toEqual(expected.paths);
  });
});

/** Phases as `student < teacher`, with what they are scored on if it is not the evaluation. */
const told = (phases: readonly Phase[]): string[] =>
  phases.map(({ name, student = 'student', teacher, method, evaluation }) => {
    const from = method.needs.length === 0 ? 'labels' : typeof teacher === 'object' ? teacher.phase : teacher;
    return `${name}: ${student} < ${from}${evaluation === 'held-out' ? ', held out' : ''}`;
  });
const planned = async (options: Parameters<typeof takd>[0], soFar: Partial<PhasesSoFar> = {}): Promise<string[]> => {
  const nothing = { assistants: ['assistant-1', 'assistant-2'], scores: new Map(), teacherScore: async () => 0.9 };
  return told((await takd(options).phases?.({ ...nothing, ...soFar })) ?? []);
};

describe('takd', () => {
  test('all, direct, and some: each hop learns from the one before', async () => {
    expect(await planned({})).toEqual([
      'assistant-1: assistant-1 < given',
      'assistant-2: assistant-2 < assistant-1',
      'student: student < assistant-2',
    ]);
    expect(await planned({ path: 'direct' })).toEqual(['student: student < given']);
    expect(await planned({ path: 'a2' })).toEqual([
      'assistant-2: assistant-2 < given',
      'student: student < assistant-2',
    ]);
  });

  test.each(['a3', 'a2+a1', 'a1+a1'])('path %s does not go down the assistants that are there', async (path) => {
    await expect(planned({ path })).rejects.toThrow(`wanted some of a1, a2, each once, in this order, got ${path}`);
  });

  // By hand: teacher 0.9 and student 0.7 have the mean 0.8; 0.82 is closer to it than 0.75.
  const alone = { 'assistant-1-alone': 0.82, 'assistant-2-alone': 0.75, 'student-alone': 0.7 };
  const trials = [
    'assistant-1-alone: assistant-1 < labels, held out',
    'assistant-2-alone: assistant-2 < labels, held out',
    'student-alone: student < labels, held out',
  ];

  test('accuracy-midpoint tries each alone, and takes the one nearest to the mean of teacher and student', async () => {
    const scores = new Map(Object.entries(alone));
    expect(await planned({ path: 'accuracy-midpoint' }, { scores })).toEqual([
      ...trials,
      'assistant-1: assistant-1 < given',
      'student: student < assistant-1',
    ]);
    const weaker = { scores, teacherScore: async () => 0.78 };
    expect((await planned({ path: 'accuracy-midpoint' }, weaker)).slice(3)).toEqual([
      'assistant-2: assistant-2 < given',
      'student: student < assistant-2',
    ]);
    // Before all have been tried, both are to be looked at.
    expect((await planned({ path: 'accuracy-midpoint' })).slice(0, 3)).toEqual(trials);
    expect(await planned({ path: 'accuracy-midpoint' })).toHaveLength(6);
  });

  // The first assistant was once taken, whatever the others had.
  test('accuracy-midpoint does not choose by a score that is missing', async () => {
    const scores = new Map(Object.entries({ ...alone, 'assistant-1-alone': Number.NaN }));
    await expect(planned({ path: 'accuracy-midpoint' }, { scores })).rejects.toThrow(
      'wanted scores of the teacher, of the student alone and of each assistant alone, got 0.9, 0.7, NaN, 0.75; keep labelled',
    );
  });

  test('worse: skip tries each alone first; one that a hop has made worse teaches nobody', async () => {
    const skipped = { ...alone, 'assistant-1': 0.81, 'assistant-2': 0.76 };
    const scores = new Map(Object.entries(skipped));
    expect(await planned({ worse: 'skip' }, { scores })).toEqual([
      trials[0],
      'assistant-1: assistant-1 < given, held out',
      trials[1],
      'assistant-2: assistant-2 < given, held out',
      'student: student < assistant-2',
    ]);
    const midpoint = await planned({ path: 'accuracy-midpoint', worse: 'skip' }, { scores });
    expect(midpoint.slice(3)).toEqual(['assistant-1: assistant-1 < given, held out', 'student: student < given']);
  });

  test('goes over any method of one stage, whose options stand beside its own', () => {
    const over = takd({ hop: 'pkd', beta: 10 });
    expect(over.options).toMatchObject({ path: 'all', hop: 'pkd', hopOptions: { beta: 10 } });
    expect(takdOver(patientKd({ beta: 10 })).options).toEqual(over.options);
    expect(() => takdOver(tinyBert())).toThrow("hop of method 'takd': wanted a method of one phase, got 'tinybert'");
  });
});
