import { describe, expect, test } from 'vitest';
import { isAskedBefore } from '../../src/experiments/distillation/student-training.js';
import { hinton } from '../../src/methods/hinton.js';
import { mixKd } from '../../src/methods/mixkd.js';
import { patientKd } from '../../src/methods/pkd.js';
import { selfKd } from '../../src/methods/self-kd.js';

describe('isAskedBefore', () => {
  test('logits are asked for once, unless the teacher is to be part of the step', () => {
    expect(isAskedBefore({ method: hinton() })).toBe(true);
    expect(isAskedBefore({ method: hinton(), teacherForm: 'traced' })).toBe(false);
    expect(isAskedBefore({ method: patientKd() })).toBe(false);
  });

  // mixkd's teacher was once asked for all training rows, whose answers nobody read.
  test('nobody is asked for mixtures, or where no teacher is needed', () => {
    expect(isAskedBefore({ method: mixKd() })).toBe(false);
    expect(isAskedBefore({ method: mixKd({ alphaSm: 0, alphaTmkd: 0 }) })).toBe(false);
    expect(isAskedBefore({ method: selfKd() })).toBe(false);
  });
});
