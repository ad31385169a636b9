import { describe, expect, test } from 'vitest';
import { armMethod, controlArm, methodArm, shippableArms } from '../../src/experiments/distillation/arms.js';
import { CONTROLS } from '../../src/experiments/distillation/controls.js';
import { PRIMER_ARMS } from '../../src/experiments/primer/primer-arms.js';
import { hinton } from '../../src/methods/hinton.js';
import { supervised } from '../../src/methods/supervised.js';

const method = hinton();

describe('the arms of a distillation', () => {
  test('label-smoothing spreads a tenth', () => {
    // witness: Vaswani et al. 2017, arXiv:1706.03762, section 5.4, ε = 0.1. At 0.2 nothing failed.
    const arm = controlArm('label-smoothing', 3);
    expect(armMethod(arm, method).method).toMatchObject({ name: 'supervised', options: { labelSmoothing: 0.1 } });
    expect(arm.description).toBe('labels, 10 % spread over all classes');
  });

  test('no-teacher smooths nothing', () => {
    expect(armMethod(controlArm('no-teacher', 3), method).method.options).toEqual({ labelSmoothing: 0 });
  });

  test('the method is an arm with all its options, by which results are told apart', () => {
    const arm = methodArm(method);
    expect(arm).toMatchObject({ name: 'hinton', learns: 'method', options: method.options });
    expect(armMethod(arm, method)).toEqual({ method, hasTeacher: true });
    expect(armMethod(arm, supervised()).hasTeacher).toBe(false);
    expect(armMethod(controlArm('hard-labels', 3), method).method.name).toBe('hard-labels');
  });

  test('each says in the report what it learns from, of a regression in other words', () => {
    const words = (classes: number) => CONTROLS.map((name) => controlArm(name, classes).description);
    for (const classes of [1, 2]) expect(words(classes).every((text) => text?.length > 10)).toBe(true);
    expect(words(1).map((text, i) => text !== words(2)[i])).toEqual([true, true, false, true, false]);
    const ofScores = (classes: number) => words(classes).filter((text) => text?.includes('score'));
    expect([ofScores(1).length, ofScores(2).length]).toEqual([3, 0]);
    expect(methodArm(method).description).toContain('method');
  });

  test('a teacher answers the method, hard-labels and shuffled-teacher', () => {
    const arms = [methodArm(method), ...CONTROLS.map((name) => controlArm(name, 3))];
    expect(arms.filter((arm) => armMethod(arm, method).hasTeacher).map(({ name }) => name)).toEqual([
      'hinton',
      'hard-labels',
      'shuffled-teacher',
    ]);
    expect(shippableArms(arms).map(({ name }) => name)).toEqual([
      'linear',
      'no-teacher',
      'label-smoothing',
      'hard-labels',
      'hinton',
    ]);
  });
});

describe('the arms of the primer', () => {
  test('smooth labels as docs/primer-results.md says', () => {
    const smoothed = PRIMER_ARMS.flatMap(({ name, learns }) =>
      learns.from === 'labels' ? [[name, learns.labelSmoothing]] : [],
    );
    expect(smoothed).toEqual([
      ['article-baseline', 0],
      ['retort-no-teacher', 0],
      ['label-smoothing', 0.05],
    ]);
  });
});
