import { describe, expect, test } from 'vitest';
import { controlArm, methodArm, methodOf, shippableArms } from '../../src/experiments/distillation/arms.js';
import { CONTROLS } from '../../src/experiments/distillation/controls.js';
import { PRIMER_ARMS } from '../../src/experiments/primer/primer-arms.js';
import { hinton } from '../../src/methods/hinton.js';

const method = hinton();

describe('the arms of a distillation', () => {
  test('label-smoothing spreads a tenth', () => {
    // witness: Vaswani et al. 2017, arXiv:1706.03762, section 5.4, ε = 0.1. At 0.2 nothing failed.
    const arm = controlArm('label-smoothing', 3);
    expect(methodOf(arm, method).method).toMatchObject({ name: 'supervised', options: { labelSmoothing: 0.1 } });
    expect(arm.description).toBe('labels, 10 % spread over all classes');
  });

  test('no-teacher smooths nothing', () => {
    expect(methodOf(controlArm('no-teacher', 3), method).method.options).toEqual({ labelSmoothing: 0 });
  });

  test('a teacher answers the method, hard-labels and shuffled-teacher', () => {
    const arms = [methodArm(method), ...CONTROLS.map((name) => controlArm(name, 3))];
    expect(arms.filter((arm) => methodOf(arm, method).hasTeacher).map(({ name }) => name)).toEqual([
      'hinton',
      'hard-labels',
      'shuffled-teacher',
    ]);
    expect(shippableArms(arms).map(({ name }) => name)).toEqual([
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
