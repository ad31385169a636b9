/** @file What can be known to be wrong with the phases of a method before the first of them starts. */
import { hasTargets } from '../../data/targets.js';
import { OptionError } from '../../errors/failures.js';
import type { Phase } from '../../methods/method.js';
import { classesOf } from '../../models/forward.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { checkTeacher, expectTeacherAlone } from '../checks/teacher-checks.js';
import { checkTerms } from '../checks/terms-check.js';
import { modelInTraining } from '../step/method-parameters.js';
import { budgetsOf, stepsOf } from './phase-budgets.js';
import { dataOf, givenTeacher, learnerOf, type PhasedRunOptions, teachingPhase } from './phase-options.js';

/**
 * Looks at every phase as its run will be, with untrained models in the place of those that are to teach.
 * @throws OptionError for phases that are named alike, refer to none, or learn from assistants that are not there; what
 *   `runTraining` throws before it starts for a teacher, a student or losses that do not fit together.
 */
export async function checkPhases(options: PhasedRunOptions, phases: readonly Phase[]): Promise<void> {
  checkWhole(options, phases);
  checkTeacher(
    options.method,
    await givenTeacher(options, options.data.train),
    classesOf(options.model),
    options.data.train,
  );
  const budgets = budgetsOf(phases, options);
  for (const [index, phase] of phases.entries()) {
    const { method } = phase;
    const learner = learnerOf(options, phase);
    const { model } = learner;
    const data = dataOf(options, phase, learner);
    if (!hasTargets(data.train))
      expectTeacherAlone({ ...method, name: `${options.method.name}, ${phase.name}` }, data.train);
    stepsOf({ ...options, ...learner.training, ...budgets[index] }, data.train);
    const from = teachingPhase({ phases, index });
    const teacher =
      method.needs.length === 0
        ? undefined
        : from === undefined
          ? await givenTeacher(options, data.train)
          : untrained(options, phases[from] as Phase);
    checkTeacher(method, teacher, classesOf(model), data.train);
    const traced = { model: modelInTraining(model, method, teacher), method, data, teacher };
    checkTerms(traced);
  }
}

/** A teacher that a phase will have made, but for its weights. */
function untrained(options: PhasedRunOptions, phase: Phase): Teacher {
  const { model, asTeacher = modelTeacher } = learnerOf(options, phase);
  const { labelNames } = options.data.train;
  return asTeacher({ path: `phase ${phase.name}`, model, weights: {}, labelNames, contentHash: '' });
}

function checkWhole({ method, fastDevRun }: PhasedRunOptions, phases: readonly Phase[]): void {
  const names = phases.map(({ name }) => name);
  const where = `phases of method '${method.name}'`;
  if (phases.length === 0) throw new OptionError({ where, wanted: 'at least one', got: 'none' });
  if (fastDevRun === true) {
    const fix = 'try it with maxSteps';
    throw new OptionError({ where: 'fastDevRun', wanted: 'a method of one phase', got: names.join(', '), fix });
  }
  for (const [index, { name, from, method: own }] of phases.entries()) {
    const got = `'${name}'`;
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name) || names.indexOf(name) !== index) {
      throw new OptionError({ where, wanted: 'different names of lower-case letters, digits and hyphens', got });
    }
    if (own.phases !== undefined) {
      const fix = 'choose one of its phases';
      throw new OptionError({ where: `${where}, ${name}`, wanted: 'one phase', got: `method '${own.name}'`, fix });
    }
    const referredTo = [from === 'previous' ? index - 1 : undefined, teachingPhase({ phases, index })];
    if (referredTo.every((earlier) => earlier === undefined || (earlier >= 0 && earlier < index))) continue;
    throw new OptionError({ where: `${where}, ${name}`, wanted: 'an earlier phase to continue from', got });
  }
}
