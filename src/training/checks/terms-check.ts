/** @file The losses of a run, traced once before any work starts, so that what cannot work is found then. */
import { toProgram } from '../../autograd/lower.js';
import type { Dataset } from '../../data/dataset.js';
import { OptionError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import type { Model } from '../../models/model.js';
import type { Parameters } from '../../nn/module.js';
import { inputParameters } from '../../nn/parameters.js';
import type { Teacher } from '../../teachers/teacher.js';
import { inputCollector, type StepTeacher, scalarNamesOf, type TracedTerm, traceTerms } from '../step/trace-step.js';

const TEACHER = 'teacher.';

type Checked = {
  readonly model: Model;
  readonly method: Method;
  readonly teacher?: Teacher | undefined;
  readonly data: { readonly train: Dataset };
};

/** A teacher for the look at a step: the model itself, or logits from elsewhere. Undefined if its shapes are not known. */
function teacherShape({ method, teacher }: Checked): StepTeacher | undefined {
  if (teacher === undefined) return undefined;
  const { traced, classes } = teacher;
  if (traced !== undefined) {
    return { kind: 'traced', model: traced.model, parameters: teacherParameters(traced.model), hasOwnInputs: true };
  }
  if (method.needs.some((signal) => signal !== 'logits')) return undefined;
  return { kind: 'fed', signals: { logits: { dtype: 'float32', shape: [classes] } } };
}

/** Under names of their own: a count may come out of the teacher, whose parameters often bear the student's names. */
function teacherParameters({ parameters }: Model): Parameters {
  const inner = inputParameters(parameters.map((spec) => ({ ...spec, name: `${TEACHER}${spec.name}` })));
  return { get: (name) => inner.get(`${TEACHER}${name}`), rows: (name, ids) => inner.rows(`${TEACHER}${name}`, ids) };
}

/**
 * Traces student, teacher and losses for batches of any size.
 * @throws ShapeError, OptionError, SignalError of the losses: a signal that the student does not give, one class under a
 *   softmax, layers or heads that do not match, a term of texts whose count is not made from the data alone.
 */
export function checkTerms(run: Checked): void {
  const { model, method } = run;
  const teacher = teacherShape(run);
  if (teacher === undefined && method.needs.length > 0) return;
  const dims = { B: 'B', S: 'S', S2: 'S2' };
  const { source } = inputCollector();
  const parameters = inputParameters(model.parameters);
  const request = { model, method, dims, teacher };
  const terms = traceTerms(request, parameters, source, scalarNamesOf(method));
  if (run.data.train.text !== undefined) expectDataCounts(method, terms, Object.keys(parameters.values));
}

/** Of texts a step divides by the counts before it has run the student, so they must not come out of the student. */
function expectDataCounts(method: Method, terms: readonly TracedTerm[], parameters: readonly string[]): void {
  for (const { name, count } of terms) {
    const read = toProgram({ outputs: { count } }).inputs;
    if (!read.some((input) => parameters.includes(input.name))) continue;
    throw new OptionError({
      where: `method '${method.name}', term '${name}'`,
      wanted: 'a count that depends on masks and labels alone, in a token loss',
      got: "one that depends on the student's outputs",
      fix: 'give the loss a mask: student.attentionMask, or everyToken(student.attentionMask) for padding too',
    });
  }
}
