import type { Method, Phase, PhasePlan } from './method.js';

/** Phases in their order, one at least. */
export type Stages = readonly [Phase, ...Phase[]];

type PhasedDefinition = {
  readonly name: string;
  readonly options: Method['options'];
  /** All that may be run: what they need of the given teacher is what the method needs. */
  readonly stages: Stages;
  /** Default: the stages. */
  readonly plan?: PhasePlan;
};

/** A method of several stages. */
export function phased({ name, options, stages, plan = () => stages }: PhasedDefinition): Method {
  const { method: last } = stages.at(-1) ?? stages[0];
  const taught = stages.filter(({ teacher = 'given' }) => teacher === 'given');
  return {
    name,
    needs: [...new Set(taught.flatMap(({ method }) => method.needs))],
    isForClasses: stages.some(({ method }) => method.isForClasses === true),
    options,
    losses: (inputs) => last.losses(inputs, last.options),
    phases: plan,
  };
}
