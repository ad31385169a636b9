/**
 * @file One encoder with a head for each of several tasks, as in MT-DNN (Liu et al. 2019, arXiv:1901.11504). Its
 * parameters bear the names of the encoder's family, those of heads below `heads.TASK.`; one task of it is an ordinary
 * model of that family.
 */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import type { ForwardContext } from '../nn/module.js';
import { initialiseParameters } from '../nn/parameters.js';
import { defined } from '../options/given.js';
import type { Tensor } from '../tensor/tensor.js';
import type { EncoderFamily } from './encoder-family.js';
import { FAMILY_NAMES, familyOf } from './families.js';
import type { HeadName } from './heads.js';
import type { Model, SavedModel, TrainedModel, Weights } from './model.js';

/** The kind, as checkpoints record it. */
export const MULTI_TASK = 'multi-task';

/** What stands on the encoder for one task. */
export type TaskHead = {
  readonly head: Extract<HeadName, 'classification' | 'tokens'>;
  /** 1 for a regression. */
  readonly num_labels: number;
  /** In the order of the classes; empty where they have no names. */
  readonly labels: readonly string[];
  /** Of a regression: the scores that its head calls 0 and 1. Default: it says scores as they are. */
  readonly scores?: { readonly zero: number; readonly one: number };
  /** Whether it is trained on pairs of texts; absent where nobody said. */
  readonly readsPairs?: boolean;
};

export type MultiTaskConfig = {
  /** A model of the encoder's family; what it says of a head does not count. */
  readonly encoder: { readonly kind: string; readonly config: Readonly<Record<string, unknown>> };
  readonly tasks: Readonly<Record<string, TaskHead>>;
};

/** Names that may stand in a file's name, before a dot, and after a `#`. */
const TASK_NAME = /^[A-Za-z0-9][\w-]*$/;

/** @throws OptionError for a kind of no family. */
function familyFor(kind: string): EncoderFamily {
  const family = familyOf(kind);
  if (family !== undefined) return family;
  throw new OptionError({
    where: 'multi-task model',
    wanted: `an encoder: ${FAMILY_NAMES.join(', ')}`,
    got: `a ${kind}`,
    fix: 'start from an encoder',
  });
}

/** The name in the whole model of a parameter of one task's: heads are below their task. */
function nameInWhole(kind: string, task: string, name: string): string {
  return familyFor(kind).isPrefixed(name) ? name : `heads.${task}.${name}`;
}

/** An ordinary model of the family, with the head of a task if there is one. */
function plainModel({ kind, config }: MultiTaskConfig['encoder'], task?: TaskHead): Model {
  return familyFor(kind)({ ...config, ...(task && { head: task.head, num_labels: task.num_labels }) });
}

/**
 * A model of several tasks. It is trained and saved as one; to answer, take one task of it (`taskModel`).
 * @throws OptionError for no tasks, a name that cannot be one, a head that does not fit, an encoder of another family.
 */
export function multiTask({ encoder: given, tasks }: MultiTaskConfig): Model {
  // With every key of the family, as it is saved.
  const { kind, config } = plainModel(given);
  const encoder = { kind, config };
  const names = Object.keys(tasks);
  if (names.length === 0) throw new OptionError({ where: MULTI_TASK, wanted: 'at least one task', got: 'none' });
  const specs = new Map<string, Model['parameters'][number]>();
  for (const [name, task] of Object.entries(tasks)) {
    checkTask(name, task);
    for (const spec of plainModel(encoder, task).parameters) {
      const whole = nameInWhole(kind, name, spec.name);
      if (!specs.has(whole)) specs.set(whole, { ...spec, name: whole });
    }
  }
  const [first = ''] = names;
  return {
    kind: MULTI_TASK,
    config: { encoder, tasks },
    parameters: [...specs.values()],
    signals: [],
    inputs: (dims) => plainModel(encoder, tasks[first] as TaskHead).inputs(dims),
    forward: () => {
      throw new OptionError({
        where: 'multi-task model',
        wanted: `one of its tasks: ${names.join(', ')}`,
        got: 'all of them',
        fix: `name one, such as MODEL#${first}; in code taskModel(model, '${first}')`,
      });
    },
  };
}

function checkTask(name: string, { num_labels, labels, scores }: TaskHead): void {
  const where = `task '${name}'`;
  if (!TASK_NAME.test(name)) {
    throw new OptionError({ where, wanted: 'a name of letters, digits, - and _', got: JSON.stringify(name) });
  }
  if (labels.length > 0 && labels.length !== num_labels) {
    throw new OptionError({ where, wanted: `${num_labels} label names, or none`, got: String(labels.length) });
  }
  if (scores === undefined) return;
  const { zero, one } = scores;
  if (num_labels === 1 && Number.isFinite(zero) && Number.isFinite(one) && one !== zero) return;
  const got = num_labels === 1 ? `${zero} and ${one}` : `a head of ${num_labels} classes`;
  throw new OptionError({ where: `${where}, scores`, wanted: 'a regression and two numbers that differ', got });
}

/** The config of a model of several tasks. @throws OptionError for another model. */
export function multiTaskConfig({ kind, config }: Pick<Model, 'kind' | 'config'>): MultiTaskConfig {
  // `multiTask` alone makes models of this kind.
  if (kind === MULTI_TASK) return config as MultiTaskConfig;
  throw new OptionError({ where: 'model', wanted: 'a multi-task model', got: `a ${kind}`, fix: 'use multiTask' });
}

/** The names of a model's tasks. @throws OptionError for another model. */
export function tasksOf(model: Pick<Model, 'kind' | 'config'>): string[] {
  return Object.keys(multiTaskConfig(model).tasks);
}

/** The head of a task. @throws OptionError naming the tasks there are. */
export function headOf(model: Pick<Model, 'kind' | 'config'>, task: string): TaskHead {
  const { tasks } = multiTaskConfig(model);
  const head = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  if (head !== undefined) return head;
  throw new OptionError({ where: 'task', wanted: Object.keys(tasks).join(', '), got: `'${task}'` });
}

/**
 * The encoder with the head of one task, on the parameters of the whole model: what a step trains.
 * @throws OptionError for a task that the model does not have.
 */
export function taskView(model: Model, task: string): Model {
  const plain = modelOfTask(model, task);
  const inWhole = ({ parameters, ...rest }: ForwardContext): ForwardContext => ({
    ...rest,
    parameters: {
      get: (name) => parameters.get(nameInWhole(plain.kind, task, name)),
      rows: (name, ids) => parameters.rows(nameInWhole(plain.kind, task, name), ids),
    },
  });
  return {
    ...plain,
    parameters: plain.parameters.map((spec) => ({ ...spec, name: nameInWhole(plain.kind, task, spec.name) })),
    ...(plain.words && { words: (context, inputs) => plain.words?.(inWhole(context), inputs) ?? {} }),
    forward: (context, inputs, words) => plain.forward(inWhole(context), inputs, words),
  };
}

/** The ordinary model that a task is, without weights. @throws OptionError for a task that the model does not have. */
export function modelOfTask(whole: Model, task: string): Model {
  return plainModel(multiTaskConfig(whole).encoder, headOf(whole, task));
}

/** Logits of every task by its name, from one forward pass: equal parts of the traces are merged when they are lowered. */
export function taskLogits(
  whole: Model,
  context: ForwardContext,
  inputs: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    tasksOf(whole).map((task) => [task, taskView(whole, task).forward(context, inputs).logits]),
  );
}

/** The weights with the last layer of each regression scaled, so that it predicts in its task's own scores. */
export function inOwnScores(whole: Pick<TrainedModel, 'model' | 'weights'>): Weights {
  const { encoder, tasks } = multiTaskConfig(whole.model);
  const own = Object.entries(tasks).map(([task, head]) => {
    return scaled(whole.weights, nameInWhole(encoder.kind, task, lastOf(encoder.kind, head)), head);
  });
  return Object.assign({}, whole.weights, ...own);
}

/** The last layer of a head, in an ordinary model. */
function lastOf(kind: string, { head }: TaskHead): string {
  // Heads of texts and of tokens have one.
  return familyFor(kind).classifierOf(head) as string;
}

/** A layer whose outputs are scores from 0 to 1, in the scores that these stand for; none where it says scores as they are. */
function scaled(weights: Weights, layer: string, { scores }: TaskHead): Weights {
  if (scores === undefined) return {};
  const range = scores.one - scores.zero;
  const parts = [
    [`${layer}.weight`, 0],
    [`${layer}.bias`, scores.zero],
  ] as const;
  return Object.fromEntries(
    parts.map(([name, added]) => {
      const { shape, data, dtype } = weights[name] as Tensor<'float32'>;
      return [name, { dtype, shape, data: data.map((value) => value * range + added) }];
    }),
  );
}

export type TaskModel = Pick<SavedModel, 'model' | 'weights' | 'labelNames' | 'readsPairs' | 'readAs'>;

/**
 * One task of a trained model as an ordinary model: to predict, evaluate and export, or to be a teacher. A regression's
 * last layer is scaled so that it answers in the task's own scores.
 * @throws OptionError for a task that the model does not have.
 */
export function taskModel(whole: Pick<TrainedModel, 'model' | 'weights' | 'tasksReadAs'>, task: string): TaskModel {
  const head = headOf(whole.model, task);
  const model = modelOfTask(whole.model, task);
  const weights: Record<string, Tensor<'float32'>> = {};
  for (const { name } of model.parameters)
    weights[name] = whole.weights[nameInWhole(model.kind, task, name)] as Tensor<'float32'>;
  Object.assign(weights, scaled(weights, lastOf(model.kind, head), head));
  const { labels: labelNames, readsPairs } = head;
  return { model, weights, labelNames, ...defined({ readsPairs, readAs: whole.tasksReadAs?.[task] }) };
}

/**
 * A model of several tasks that starts from a pre-trained encoder: heads are drawn from the seed, and so is what the
 * encoder does not have, such as BERT's pooler.
 * @throws OptionError as `multiTask` does.
 */
export function multiTaskFrom(
  pretrained: { readonly model: Model; readonly weights: Weights },
  tasks: Readonly<Record<string, TaskHead>>,
  seed: number,
): { readonly model: Model; readonly weights: Weights } {
  const { kind, config } = pretrained.model;
  const model = multiTask({ encoder: { kind, config }, tasks });
  const isKnown = ({ name }: { readonly name: string }) => Object.hasOwn(pretrained.weights, name);
  const known = model.parameters.filter(isKnown);
  const fresh = model.parameters.filter((spec) => !isKnown(spec));
  return {
    model,
    weights: {
      ...initialiseParameters(fresh, seed),
      ...Object.fromEntries(known.map(({ name }) => [name, pretrained.weights[name] as Tensor<'float32'>])),
    },
  };
}
