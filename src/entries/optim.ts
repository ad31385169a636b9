export { type AdamOptions, adam, adamDefaults } from '../optim/adam.js';
export { type AdamwOptions, adamw, adamwDefaults } from '../optim/adamw.js';
export { CONVEX_LOSSES, type ConvexLossName } from '../optim/convex-loss.js';
export {
  type AscentOptions,
  type AscentResult,
  type AscentState,
  ascentDefaults,
  DualAscent,
  type LinearProblem,
  type LinearWeights,
} from '../optim/dual-ascent.js';
export { isUsuallyUndecayed, type ParameterGroup } from '../optim/groups.js';
export { type LayerwiseOptions, layerwiseGroups } from '../optim/layer-wise.js';
export type { Arithmetic, Optimizer, StepPoint, UpdateArguments, UpdateResult } from '../optim/optimizer.js';
export { SCHEDULES, type Schedule, type ScheduleName, type ScheduleOptions, scheduleFor } from '../optim/schedules.js';
export { type SgdOptions, sgd, sgdDefaults } from '../optim/sgd.js';
export { OPTIMIZERS, type OptimizerName } from '../optim/table.js';
