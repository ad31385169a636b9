/** @file How hard the teacher and the labels pull at a student: the norm of each side's gradient, beside the step. */
import { gradients } from '../../autograd/backward.js';
import { toProgram } from '../../autograd/lower.js';
import { mul, sqrt } from '../../autograd/ops/elementwise.js';
import { gather } from '../../autograd/ops/indexing.js';
import { matmul } from '../../autograd/ops/matmul.js';
import { reshape } from '../../autograd/ops/shaping.js';
import { input, type Value } from '../../autograd/value.js';
import type { Batch } from '../../data/dataset.js';
import type { Weights } from '../../models/model.js';
import type { Parameters } from '../../nn/module.js';
import { inputParameters } from '../../nn/parameters.js';
import type { SessionOptions } from '../../runtime/backend.js';
import { openSession } from '../../runtime/session.js';
import { dimProduct } from '../../tensor/shape.js';
import { fromNumbers, type Tensor } from '../../tensor/tensor.js';
import { feedFor, MODEL } from '../step/compiled-step.js';
import type { StepInput } from '../step/step.js';
import { inputCollector, type StepRequest, scalarNamesOf, sumOf, termMean, traceTerms } from '../step/trace-step.js';

/** Norms of the gradient by all that is trained, before clipping. */
export type TermNorms = { readonly distillation: number; readonly labels: number };

export type TermMeter = {
  /**
   * Of the first rows of a batch; undefined where one side has no row that counts, such as a batch without labels, or
   * does not pull at all: a schedule weighs it 0, or the student says what the teacher does.
   * @param state of the step, as `TrainingStep.state` returns it.
   */
  measure(state: Readonly<Record<string, Tensor>>, step: StepInput): Promise<TermNorms | undefined>;
  release(): Promise<void>;
};

export type TermMeterOptions = StepRequest &
  Pick<SessionOptions, 'threads' | 'device'> & {
    /** Of the dropout streams. */
    readonly seed: number;
    /** Of a traced teacher: fed to the graph, which would hold a second copy of them. */
    readonly teacherWeights?: Weights | undefined;
  };

/** Rows that are looked at: a fraction of a step's time, and enough to tell a hundredth from a half. */
export const METERED_ROWS = 8;
const SIDES = ['distillation', 'labels'] as const;
const NORM = 'norm';
const WEIGHT = 'side.';
const COUNT = 'count.';
const FROZEN = 'frozen.';
/** An alpha outside says itself that one side is to count for next to nothing. */
const BLENDED = { min: 0.01, max: 0.99 };
const LABEL_TERMS: readonly string[] = ['hard'];

/**
 * Opens a graph beside that of the step. Undefined where there is nothing to tell: losses of one side alone, or an alpha
 * that asks for next to nothing of one.
 */
export async function openTermMeter(options: TermMeterOptions): Promise<TermMeter | undefined> {
  const { teacherWeights = {} } = options;
  const traced = tracedSides(options);
  if (traced === undefined) return undefined;
  const { sides, read } = traced;
  // One backward pass, run for each side with the other weighed 0: half the graph of two, which would take twice to open.
  const losses = sides.map((own, i) =>
    mul(sumOf(own.map(({ total, count }) => termMean(total, count))), input(`${WEIGHT}${SIDES[i]}`, 'float32', [])),
  );
  const outputs: Record<string, Value> = { [NORM]: norm(gradients(sumOf(losses), [...read.values()])) };
  for (const [i, side] of SIDES.entries()) {
    outputs[`${COUNT}${side}`] = sumOf((sides[i] ?? []).map(({ count }) => count));
  }
  const session = await openSession(toProgram({ outputs }), { threads: options.threads, device: options.device });
  return {
    async measure(state, step) {
      const few = firstRows(step);
      const feeds = (side: string) =>
        session.inputs.map(({ name }) => {
          if (name.startsWith(WEIGHT)) return [name, fromNumbers('float32', [], [name === `${WEIGHT}${side}` ? 1 : 0])];
          const held = name.startsWith(FROZEN) ? teacherWeights[name.slice(FROZEN.length)] : state[`${MODEL}${name}`];
          return [name, held ?? feedFor(name, few, 0, options)];
        });
      const normOf = async (side: (typeof SIDES)[number]): Promise<number | undefined> => {
        const results = await session.run(Object.fromEntries(feeds(side)));
        const found = Number(results[NORM]?.data[0]);
        return Number(results[`${COUNT}${side}`]?.data[0]) > 0 && found > 0 && Number.isFinite(found)
          ? found
          : undefined;
      };
      const labels = await normOf('labels');
      const distillation = labels === undefined ? undefined : await normOf('distillation');
      return labels === undefined || distillation === undefined ? undefined : { distillation, labels };
    },
    release: () => session.release(),
  };
}

/** Whether `openTermMeter` has something to tell. */
export function hasTwoSides(options: TermMeterOptions): boolean {
  return tracedSides(options) !== undefined;
}

function tracedSides(options: TermMeterOptions) {
  const { method, model, teacher, teacherWeights = {} } = options;
  const { alpha } = method.options;
  if (typeof alpha === 'number' && (alpha < BLENDED.min || alpha > BLENDED.max)) return undefined;
  const { parameters, read } = readParameters(inputParameters(model.parameters));
  const fed = teacher?.kind === 'traced' ? { ...teacher, parameters: fedParameters(teacherWeights) } : teacher;
  const request = { ...options, teacher: fed };
  const terms = traceTerms(request, parameters, inputCollector().source, scalarNamesOf(method));
  const labelTerms = method.labelTerms ?? LABEL_TERMS;
  const sideOf = (name: string) => (labelTerms.includes(name) ? 'labels' : 'distillation');
  const sides = SIDES.map((side) => terms.filter(({ name }) => sideOf(name) === side));
  return sides.some(({ length }) => length === 0) ? undefined : { sides, read };
}

/** The same parameters, and those of them that were asked for. */
function readParameters({ get }: Parameters): { parameters: Parameters; read: Map<string, Value> } {
  const read = new Map<string, Value>();
  const noted = (name: string): Value => {
    const value = get(name);
    read.set(name, value);
    return value;
  };
  return { read, parameters: { get: noted, rows: (name, ids) => gather(noted(name), ids) } };
}

/** The teacher's weights as inputs, apart from the student's of the same names. */
function fedParameters(weights: Weights): Parameters {
  const values = new Map(
    Object.entries(weights).map(([name, { shape }]) => [name, input(`${FROZEN}${name}`, 'float32', shape)]),
  );
  const get = (name: string) => values.get(name) as Value;
  return { get, rows: (name, ids) => gather(get(name), ids) };
}

/** The 2-norm of all of them together; each times itself by a matrix product, which leaves no square of its size. */
function norm(values: readonly Value[]): Value {
  const squares = values.map((value) => {
    const size = dimProduct(value.shape);
    return reshape(matmul(reshape(value, [1, size]), reshape(value, [size, 1])), []); // [1, N] x [N, 1] -> []
  });
  return sqrt(sumOf(squares));
}

/** The first rows of a step's first batch. */
function firstRows({ batches, teacher, ...rest }: StepInput): StepInput {
  const [batch] = batches as readonly [Batch, ...Batch[]];
  const rows = Math.min(METERED_ROWS, batch.weights.length);
  const { labels, scores } = batch;
  return {
    ...rest,
    batches: [
      {
        ...batch,
        inputs: cutAll(batch.inputs, rows),
        weights: batch.weights.subarray(0, rows),
        ...(labels && { labels: cut(labels, rows) }),
        ...(scores && { scores: cut(scores, rows) }),
      },
    ],
    ...(teacher && { teacher: [cutAll(teacher[0] ?? {}, rows)] }),
  };
}

function cutAll(tensors: Readonly<Record<string, Tensor>>, rows: number): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, cut(value, rows)]));
}

/** The first rows of [B, ..]. */
function cut<T extends Tensor>(value: T, rows: number): T {
  const [all = 1, ...rest] = value.shape;
  if (rows >= all) return value;
  return { ...value, shape: [rows, ...rest], data: value.data.subarray(0, (value.data.length / all) * rows) };
}
