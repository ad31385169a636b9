/** @file The losses of a run, traced once before any work starts, so that what cannot work is found then. */
import type { Method } from '../methods/method.js';
import type { Model } from '../models/model.js';
import { inputParameters } from '../nn/parameters.js';
import type { Teacher } from '../teachers/teacher.js';
import { inputCollector, type StepTeacher, scalarNamesOf, traceTerms } from './trace-step.js';

type Checked = { readonly model: Model; readonly method: Method; readonly teacher?: Teacher };

/** A teacher for the look at a step: the model itself, or logits from elsewhere. Undefined if its shapes are not known. */
function teacherShape({ method, teacher }: Checked): StepTeacher | undefined {
  if (teacher === undefined) return undefined;
  const { traced, classes } = teacher;
  if (traced !== undefined) {
    return {
      kind: 'traced',
      model: traced.model,
      parameters: inputParameters(traced.model.parameters),
      hasOwnInputs: true,
    };
  }
  if (method.needs.some((signal) => signal !== 'logits')) return undefined;
  return { kind: 'fed', signals: { logits: { dtype: 'float32', shape: [classes] } } };
}

/**
 * Traces student, teacher and losses for batches of any size.
 * @throws ShapeError, OptionError, SignalError of the losses: a signal that the student does not give, one class under a
 *   softmax, layers or heads that do not match.
 */
export function checkTerms(run: Checked): void {
  const { model, method } = run;
  const teacher = teacherShape(run);
  if (teacher === undefined && method.needs.length > 0) return;
  const dims = { B: 'B', S: 'S', S2: 'S2' };
  const { source } = inputCollector();
  const parameters = inputParameters(model.parameters);
  traceTerms({ model, method, dims, ...(teacher && { teacher }) }, parameters, source, scalarNamesOf(method));
}
