/** @file The stages of a run before any of them has been trained: to be measured, with untrained models as teachers. */
import type { Dataset } from '../../data/dataset.js';
import type { SignalName } from '../../models/model.js';
import { initialiseParameters } from '../../nn/parameters.js';
import { unaskedTeacher } from '../../teachers/labelling-plan.js';
import type { FedSignals, Teacher } from '../../teachers/teacher.js';
import { plannedPhases } from '../phases/phase-budgets.js';
import {
  assistantNames,
  learnerOf,
  type PhasedRunOptions,
  type PhaseModel,
  phaseOptions,
  weightsFor,
} from '../phases/phase-options.js';
import { singleRun } from '../phases/phased-run.js';
import { teacherForm } from '../run/checked-run.js';
import type { RunOptions } from '../run/run-options.js';

export type Stage = {
  /** Absent of a method of one stage. */
  readonly name?: string;
  /** With a teacher that answers what is made up, unless it is part of the step. */
  readonly run: RunOptions;
  /** Rows that a model of an earlier stage answers before this one starts: nobody keeps those. */
  readonly answers?: { readonly teacher: Teacher; readonly rows: Dataset; readonly signals: readonly SignalName[] };
};

/**
 * The stages of a run as far as they can be told; its own teacher is not asked.
 * @param given what that teacher answers, where it answers.
 * @throws what `runPhases` throws for stages that cannot work.
 */
export async function stagesOf(options: PhasedRunOptions, given?: FedSignals): Promise<Stage[]> {
  const phases = await plannedPhases(options.method, assistantNames(options));
  if (phases === undefined) return [{ run: unasked(await singleRun(options), given) }];
  const stages: Stage[] = [];
  for (const [index, phase] of phases.entries()) {
    const run = await phaseOptions(options, { phases, index }, (earlier) =>
      untrained(options, learnerOf(options, phases[earlier] ?? phase)),
    );
    const { teacher, data, method } = run;
    const isGiven = phase.teacher === undefined || phase.teacher === 'given';
    const asks = teacher !== undefined && !isGiven && teacherForm(run) === 'fed';
    stages.push({
      name: phase.name,
      run: unasked(run, isGiven ? given : undefined),
      ...(asks && { answers: { teacher, rows: data.train, signals: method.needs } }),
    });
  }
  return stages;
}

function unasked(run: RunOptions, signals: FedSignals | undefined): RunOptions {
  const { teacher } = run;
  if (teacher === undefined || teacherForm(run) === 'traced') return run;
  return { ...run, teacher: unaskedTeacher(teacher, signals) };
}

/** The model that a stage will have made, but for its training. */
function untrained(options: PhasedRunOptions, learner: PhaseModel['learner']): PhaseModel {
  const { model } = learner;
  const { labelNames } = options.data.train;
  return {
    learner,
    saved: async () => ({
      path: 'a phase',
      model,
      weights: (await weightsFor(learner, options.seed)) ?? initialiseParameters(model.parameters, options.seed),
      labelNames,
      contentHash: '',
    }),
  };
}
