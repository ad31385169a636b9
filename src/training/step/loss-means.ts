import type { StepResult } from './step.js';

/** Sums over steps, as they are saved in mid-epoch: a resumed run reports the same means as an uninterrupted one. */
export type LossSums = {
  steps: number;
  loss: number;
  losses: Record<string, number>;
  /** Steps that had a term, where not all have. */
  termSteps?: Record<string, number>;
};

export function noLosses(): LossSums {
  return { steps: 0, loss: 0, losses: {} };
}

export function addLosses(sums: LossSums, { loss, losses, hasOwnTerms }: StepResult): void {
  sums.steps += 1;
  sums.loss += loss;
  if (hasOwnTerms === true) {
    sums.termSteps ??= {};
    for (const name in losses) sums.termSteps[name] = (sums.termSteps[name] ?? 0) + 1;
  }
  for (const name in losses) sums.losses[name] = (sums.losses[name] ?? 0) + (losses[name] as number);
}

export type LossMeans = { readonly loss: number; readonly losses: Readonly<Record<string, number>> };

/** Means over the steps: every step counts the same, a short one too. */
export function meansOf({ steps, loss, losses, termSteps }: LossSums): LossMeans {
  return {
    loss: loss / steps,
    losses: Object.fromEntries(Object.entries(losses).map(([name, sum]) => [name, sum / (termSteps?.[name] ?? steps)])),
  };
}
