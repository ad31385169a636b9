/**
 * @file The step of several tasks: a graph for each, over one optimiser and one memory of parameters. A batch of a task
 * updates what that task's graph reads, the encoder and its own head; what it does not read stays as it is, moments and
 * their step count included, as in PyTorch where such gradients are None.
 */
import { CheckpointError, ShapeError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import type { Model } from '../../models/model.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { OPTIMIZER } from './compiled-step.js';
import { DropoutMasks } from './dropout-masks.js';
import { hostOptimizer, stateIn, updated } from './host-state.js';
import { type HostGraph, type HostStepOptions, onlyStep, openHostGraph, parameterReads } from './host-step.js';
import type { TrainingStep } from './step.js';
import type { StepTeacher } from './trace-step.js';

export type TaskStep = {
  readonly name: string;
  /** On parameters of the whole model: a `taskView`. */
  readonly model: Model;
  readonly method: Method;
  readonly teacher?: StepTeacher;
};

export type MultiTaskStepOptions = Omit<HostStepOptions, 'method' | 'teacher'> & {
  readonly tasks: readonly TaskStep[];
};

/** In the state: how many steps were a task's. */
const STEPS = 'steps.';

/**
 * Opens the step. Each of its batches says by `task` which one it is of; terms are named `TASK.TERM`.
 * @throws ShapeError, DtypeError, SignalError if a task's model, method and teacher do not fit together.
 */
export async function openMultiTaskStep(options: MultiTaskStepOptions): Promise<TrainingStep> {
  const { model, tasks: taskSteps, ...shared } = options;
  const tasks = taskSteps.map((task) => {
    const own: HostStepOptions = { ...shared, ...task };
    return { name: task.name, own, reads: parameterReads(own) };
  });
  const readersOf = (name: string) => tasks.filter(({ reads }) => reads.tables.has(name) || reads.wholes.has(name));
  // By row only where every task reads it so: a step that does not update it has nothing to replay.
  const tables = new Map(
    model.parameters.flatMap(({ name }) => {
      const inputs = tasks.map(({ reads }) => reads.tables.get(name) ?? 0);
      return inputs.every((count) => count > 0) ? [[name, Math.max(...inputs)] as const] : [];
    }),
  );
  /** Of parameters that the same tasks read: the names of those. */
  const parts = new Map<string, readonly string[]>();
  const partOf = (name: string): string | undefined => {
    const readers = readersOf(name).map((task) => task.name);
    if (readers.length === tasks.length) return undefined;
    const part = readers.join(' ');
    parts.set(part, readers);
    return part;
  };
  const optimizer = hostOptimizer(options, tables, partOf);
  const graphs = new Map<string, HostGraph>();
  const release = async () => {
    for (const graph of graphs.values()) await graph.release();
  };
  try {
    const drawn = new DropoutMasks();
    for (const { name, own } of tasks) graphs.set(name, await openHostGraph(own, tables, optimizer, drawn));
  } catch (error) {
    await release();
    throw error;
  }
  const taken = new Map(tasks.map(({ name }) => [name, 0]));
  const countOf = (task: string) => taken.get(task) ?? 0;
  const state = stateIn(optimizer);

  return {
    ...state,
    stepsPerRun: 1,
    run: async (steps) => {
      const step = onlyStep(steps);
      const task = step.batches[0]?.task ?? '';
      const graph = graphs.get(task);
      if (graph === undefined || step.batches.some((batch) => batch.task !== task)) {
        const got = step.batches.map((batch) => String(batch.task)).join(', ');
        throw new ShapeError({ where: 'step', wanted: `batches of one of ${[...graphs.keys()].join(', ')}`, got });
      }
      const losses = Object.entries(await graph.run(step)).map(([term, value]) => [`${task}.${term}`, value] as const);
      const counts = [...parts].flatMap(([part, readers]) => {
        const own = 1 + readers.reduce((sum, reader) => sum + countOf(reader), 0);
        return readers.includes(task) ? [[part, own] as const] : [];
      });
      const at = { step: step.step, learningRate: step.learningRate, parts: new Map(counts) };
      const result = updated(optimizer, Object.fromEntries(losses), at);
      if (result.isApplied) taken.set(task, countOf(task) + 1);
      return [{ ...result, hasOwnTerms: true }];
    },
    state: () => ({
      ...state.state(),
      ...Object.fromEntries([...taken].map(([task, count]) => [`${OPTIMIZER}${STEPS}${task}`, counted(count)])),
    }),
    load: (given) => {
      const counts = [...taken.keys()].map((task) => [task, countFrom(given, `${OPTIMIZER}${STEPS}${task}`)] as const);
      state.load(given);
      for (const [task, count] of counts) taken.set(task, count);
    },
    release,
  };
}

/** A count as a state's tensor: exact in float32 up to 16 million steps. */
function counted(count: number): Tensor<'float32'> {
  return tensor('float32', [], Float32Array.of(count));
}

function countFrom(given: Readonly<Record<string, Tensor>>, name: string): number {
  const count = Number(given[name]?.data[0] ?? Number.NaN);
  if (Number.isInteger(count)) return count;
  throw new CheckpointError({
    where: `'${name}'`,
    wanted: 'a number of steps',
    got: given[name] === undefined ? 'nothing' : String(count),
    fix: 'resume with the tasks that the run was started with',
  });
}
