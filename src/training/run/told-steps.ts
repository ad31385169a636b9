/** @file What a run tells of its steps and its texts. */
import { truncatedRows } from '../../data/text-rows.js';
import { paddingShare } from '../step/micro-batches.js';
import type { CheckedRun, LearningOptions } from './checked-run.js';
import type { TrainingEvent } from './events.js';
import { orderOf, type Position, type RunReport, type TrainingPlan } from './train.js';

/** Often enough for a progress bar. */
const EVENT_MS = 50;

/** What becomes of the texts of a run: lengths, padding, and what was cut off. */
export function textNotice({
  options,
  plan,
}: Pick<CheckedRun<LearningOptions>, 'options' | 'plan'>): string | undefined {
  const { train } = options.data;
  if (train.text === undefined || plan.text === undefined) return undefined;
  const truncated = truncatedRows(train.text);
  const share = paddingShare(orderOf(train, plan, options.seed, 0), train, plan);
  const cut = truncated === 0 ? '' : `; ${truncated} of ${train.size} texts are longer and were truncated`;
  return `texts of similar length share a batch; ${(100 * share).toFixed(1)} % of its tokens are padding${cut}`;
}

/** Step events, as often as somebody can look at them, and always at an epoch's end. */
export function stepWatcher({
  plan,
  emit,
  learningRate,
}: {
  readonly plan: TrainingPlan;
  readonly emit: (event: TrainingEvent) => void;
  readonly learningRate: (step: number) => number;
}) {
  let since = performance.now();
  let rows = 0;
  return {
    restart: (): void => {
      since = performance.now();
      rows = 0;
    },
    onRun: (at: Position, report: RunReport): void => {
      rows += report.rows;
      const now = performance.now();
      const isEpochEnd = at.cursor.position === plan.rowsPerEpoch || at.step === plan.totalSteps;
      const result = report.results.at(-1);
      if (result === undefined || (now - since < EVENT_MS && !isEpochEnd)) return;
      emit({
        type: 'step',
        step: at.step,
        totalSteps: plan.totalSteps,
        epoch: at.cursor.epoch + 1,
        loss: result.loss,
        losses: result.losses,
        epochLoss: at.epochLosses.loss / at.epochLosses.steps,
        learningRate: learningRate(at.step),
        rowsPerSecond: (rows * 1000) / (now - since),
      });
      since = now;
      rows = 0;
    },
  };
}
