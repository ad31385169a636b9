/**
 * @file What a method trains beside the student, its projections. To the step they are parameters like the model's own,
 * below a prefix; what is kept of a run does not hold them.
 */
import type { Method } from '../methods/method.js';
import type { Model } from '../models/model.js';
import type { Weights } from '../models/saved-model.js';
import { signalSizes } from '../models/signal-sizes.js';
import type { ForwardContext } from '../nn/module.js';
import type { Teacher } from '../teachers/teacher.js';

/** Before the names of a method's parameters. */
export const METHOD = 'method.';

/**
 * The model as the step trains it: with the parameters of the method.
 * @throws OptionError, SignalError for sizes that the method cannot match.
 */
export function modelInTraining(model: Model, method: Method, teacher: Teacher | undefined): Model {
  if (method.parameters === undefined) return model;
  const sizes = {
    student: signalSizes(model),
    teacher: teacher?.traced === undefined ? { classes: teacher?.classes ?? 0 } : signalSizes(teacher.traced.model),
  };
  const own = method.parameters(sizes, method.options).map((spec) => ({ ...spec, name: `${METHOD}${spec.name}` }));
  return own.length === 0 ? model : { ...model, parameters: [...model.parameters, ...own] };
}

/** The context that a method's own layers run on: its parameters, by the names that it gave them. */
export function methodContext({ parameters, dropout }: ForwardContext): ForwardContext {
  return {
    parameters: {
      get: (name) => parameters.get(`${METHOD}${name}`),
      rows: (name, ids) => parameters.rows(`${METHOD}${name}`, ids),
    },
    dropout: (x, rate, site) => dropout(x, rate, `${METHOD}${site}`),
  };
}

/** The weights of the model apart from those of the method, by their names in the step. */
export function splitWeights(weights: Weights): { readonly model: Weights; readonly method: Weights } {
  const entries = Object.entries(weights);
  const isOfMethod = ([name]: readonly [string, unknown]) => name.startsWith(METHOD);
  return {
    model: Object.fromEntries(entries.filter((entry) => !isOfMethod(entry))),
    method: Object.fromEntries(entries.filter(isOfMethod)),
  };
}
