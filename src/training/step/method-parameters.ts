/**
 * @file What a method trains beside the student: its projections, and peers of the student. To the step they are parameters
 * like the model's own, below a prefix; what is kept of a run does not hold them.
 */
import type { Method } from '../../methods/method.js';
import type { Model, Weights } from '../../models/model.js';
import { signalSizes } from '../../models/signal-sizes.js';
import type { ForwardContext, ParameterSpec } from '../../nn/module.js';
import type { Teacher } from '../../teachers/teacher.js';

/** Before the names of a method's parameters. */
export const METHOD = 'method.';

/**
 * The model as the step trains it: with the parameters of the method.
 * @throws OptionError, SignalError for sizes that the method cannot match.
 */
export function modelInTraining(model: Model, method: Method, teacher: Teacher | undefined): Model {
  const peers = Array.from({ length: method.peers ?? 0 }, (_, i) =>
    model.parameters.map((spec) => ({ ...spec, name: `${peerPrefix(i)}${spec.name}` })),
  ).flat();
  const own = [...layerSpecs(model, method, teacher), ...peers];
  return own.length === 0 ? model : { ...model, parameters: [...model.parameters, ...own] };
}

/** Before the names of a peer's parameters; the student itself is the first of its kind. */
function peerPrefix(index: number): string {
  return `${METHOD}peer.${index + 2}.`;
}

/** What peers start from, by their names in the step. */
export function peerWeights(peers: readonly Weights[]): Weights {
  return Object.fromEntries(
    peers.flatMap((weights, i) => Object.entries(weights).map(([name, value]) => [`${peerPrefix(i)}${name}`, value])),
  );
}

/** The specs of a method's own layers. */
function layerSpecs(model: Model, method: Method, teacher: Teacher | undefined): readonly ParameterSpec[] {
  if (method.parameters === undefined) return [];
  const sizes = {
    student: signalSizes(model),
    teacher: teacher?.traced === undefined ? { classes: teacher?.classes ?? 0 } : signalSizes(teacher.traced.model),
  };
  return method.parameters(sizes, method.options).map((spec) => ({ ...spec, name: `${METHOD}${spec.name}` }));
}

/** A context whose dropout sites stand below a prefix: other masks, the same parameters. */
export function withOtherDropout(context: ForwardContext, prefix: string): ForwardContext {
  return { ...context, dropout: (x, rate, site, whole) => context.dropout(x, rate, `${prefix}${site}`, whole) };
}

/** A context whose parameters and dropout sites stand below a prefix. */
function below(prefix: string, context: ForwardContext): ForwardContext {
  const { parameters } = context;
  return {
    ...withOtherDropout(context, prefix),
    parameters: {
      get: (name) => parameters.get(`${prefix}${name}`),
      rows: (name, ids) => parameters.rows(`${prefix}${name}`, ids),
    },
  };
}

/** The context that a method's own layers run on: its parameters, by the names that it gave them. */
export function methodContext(context: ForwardContext): ForwardContext {
  return below(METHOD, context);
}

/** The contexts that the peers run on, with dropout of their own. */
export function peerContexts({ peers = 0 }: Method, context: ForwardContext): ForwardContext[] {
  return Array.from({ length: peers }, (_, i) => below(peerPrefix(i), context));
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
