/** @file What the page and its distilling worker say to each other. */
import type { SentError } from '../../src/inference/worker-calls.js';
import type { TrainingEvent } from '../../src/training/run/events.js';
import type { ArmName, DistilJob, DistilOutcome } from './arms.js';

/** Probabilities by label, in their order. */
export type Said = { readonly label: string; readonly probabilities: readonly number[]; readonly milliseconds: number };

export type ToDistiller = { readonly job: DistilJob } | { readonly ask: string };

export type FromDistiller =
  | { readonly event: TrainingEvent; readonly arm: ArmName; readonly place: number; readonly of: number }
  | { readonly outcome: DistilOutcome }
  | { readonly text: string; readonly said: readonly (Said & { readonly arm: ArmName })[] }
  | { readonly error: SentError };
