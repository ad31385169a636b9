import { TEACHER_SETTINGS } from '../../../src/experiments/distillation/teacher-settings.js';
import { OUTPUT_SETTINGS } from '../../../src/options/run-settings.js';
import type { AnySettings } from '../../../src/options/setting.js';

/** Options of `retort distill` without a key: what is done on one day, not what the experiment is, and the user's word. */
export const FLAG_ONLY: readonly string[] = [
  ...Object.entries<AnySettings[string]>({ ...TEACHER_SETTINGS, ...OUTPUT_SETTINGS }).flatMap(([name, { yaml }]) =>
    yaml === 'flag alone' ? [name] : [],
  ),
  ...['json', 'quiet', 'quick', 'dryRun', 'allowKeyEnv', 'workers', 'queue', 'store', 'shard'],
];
