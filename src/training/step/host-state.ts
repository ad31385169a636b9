/** @file The state of a training step that lies in an optimiser on the host. */
import { HostOptimizer, type StepOptions } from '../../optim/host-optimizer.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type CompiledStepOptions, copyOfState, MODEL, OPTIMIZER } from './compiled-step.js';
import type { StepResult, TrainingStep } from './step.js';

export type HostStateOptions = Pick<
  CompiledStepOptions,
  'model' | 'optimizer' | 'groups' | 'maxNorm' | 'parameters'
> & {
  /** The batch (or micro-batch) with the most tokens that a run gets. */
  readonly dims: { readonly B: number; readonly S?: number };
  /** Whether steps may consist of several micro-batches. */
  readonly hasMicroBatches?: boolean | undefined;
};

/** What a step says of the state that lies in its optimiser, and takes back. */
export function stateIn(optimizer: HostOptimizer): Pick<TrainingStep, 'bytesToCome' | 'parameters' | 'state' | 'load'> {
  return {
    bytesToCome: optimizer.sparseBytes,
    parameters: () =>
      Object.fromEntries(
        Object.entries(optimizer.state().parameters).map(([name, value]) => [
          name,
          copyOfState(name, value.shape, value),
        ]),
      ),
    state: () => {
      const { parameters, slots } = optimizer.state();
      const prefixed = (prefix: string, values: Readonly<Record<string, Tensor<'float32'>>>) =>
        Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value] as const);
      return Object.fromEntries([...prefixed(MODEL, parameters), ...prefixed(OPTIMIZER, slots)]);
    },
    load: (given) => {
      const own = optimizer.state();
      const take = (prefix: string, names: readonly string[], shapesOf: Readonly<Record<string, Tensor>>) =>
        Object.fromEntries(
          names.map((name) => [
            name,
            copyOfState(`${prefix}${name}`, shapesOf[name]?.shape ?? [], given[`${prefix}${name}`]),
          ]),
        );
      optimizer.load({
        parameters: take(MODEL, Object.keys(own.parameters), own.parameters),
        slots: take(OPTIMIZER, Object.keys(own.slots), own.slots),
      });
    },
  };
}

/** An optimiser that holds the model's parameters. @param partOf see `HostParameter.part`. */
export function hostOptimizer(
  options: HostStateOptions,
  tables: ReadonlyMap<string, number>,
  partOf: (name: string) => string | undefined = () => undefined,
): HostOptimizer {
  const { model, dims, groups, maxNorm, hasMicroBatches = false } = options;
  const maxIds = dims.B * (dims.S ?? 1);
  const optimizer = new HostOptimizer({
    optimizer: options.optimizer,
    parameters: model.parameters.map(({ name, shape }) => {
      const inputs = tables.get(name);
      return { name, shape, maxIds: inputs === undefined ? undefined : inputs * maxIds, part: partOf(name) };
    }),
    groups,
    maxNorm,
    hasMicroBatches,
  });
  for (const { name, shape } of model.parameters) {
    optimizer.parameter(name).set(copyOfState(name, shape, options.parameters[name]).data);
  }
  return optimizer;
}

/** What a step gives, once its gradients lie in the optimiser. A loss that is not finite leaves the state alone. */
export function updated(
  optimizer: HostOptimizer,
  losses: Readonly<Record<string, number>>,
  at: StepOptions,
): StepResult {
  const loss = Object.values(losses).reduce((total, part) => total + part, 0);
  // A loss that is not finite has gradients that are not.
  const { gradientNorm, isApplied } = optimizer.step(at);
  return { loss, losses, gradientNorm, isApplied };
}
