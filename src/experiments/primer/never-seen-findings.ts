/** @file What the runs of `never-seen` come to: on all evaluation images, and on those of the digit alone. */
import type { MnistSplit } from '../../data/mnist-dataset.js';
import { inPoints } from '../../metrics/points.js';
import type { SavedModel } from '../../models/model.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import { type ArmResult, packRightRows, unpackRightRows } from '../arm-result.js';
import type { ExperimentOutcome } from '../experiment.js';
import { compareArms, recordedArm } from '../experiment-record.js';
import type { EvidenceExample, NeverSeen } from '../experiment-record.schema.js';
import { type NeverSeenDetails, SHOWN_IMAGES } from './never-seen-arm-run.js';
import { NEVER_SEEN_HEADLINE, type NeverSeenArm, neverSeenDescriptions } from './never-seen-arms.js';
import type { NeverSeenData } from './never-seen-data.js';

const SIDE = 28;

type FindingsOptions = {
  readonly outcome: ExperimentOutcome<NeverSeenArm>;
  readonly data: NeverSeenData;
  readonly teacher: Pick<SavedModel, 'model' | 'weights'>;
  readonly digit: number;
  /** Units of the students. */
  readonly hidden: number;
};

export async function neverSeenFindings(options: FindingsOptions): Promise<Omit<NeverSeen, 'seconds'>> {
  const { outcome, data, digit, hidden } = options;
  const { all, others, scored, split, digitRows } = data;
  const onDigit = outcomeOn(outcome, digitRows);
  const descriptions = neverSeenDescriptions(digit);
  const { arm, over } = NEVER_SEEN_HEADLINE;
  const compared = [over, ...outcome.arms.map((one) => one.arm.name).filter((name) => name !== arm && name !== over)];
  const gainsOf = (of: ExperimentOutcome) => compared.map((other) => compareArms(of, arm, other));
  return {
    digit,
    seeds: [...outcome.seeds],
    images: { all: all.size, others: others.size, evaluation: scored.size, digit: digitRows.length },
    teacher: await teacherFindings(options),
    student: {
      name: `784-${hidden}-10`,
      parameters: outcome.arms[0]?.runs[0]?.result.parameters ?? 0,
    },
    arms: outcome.arms.map((one, i) => ({
      name: one.arm.name,
      description: descriptions[one.arm.name] ?? '',
      all: figuresOf(outcome, i),
      digit: figuresOf(onDigit, i),
    })),
    headline: { arm, over },
    gains: { all: gainsOf(outcome), digit: gainsOf(onDigit) },
    examples: Array.from(digitRows.subarray(0, SHOWN_IMAGES), (row, place) => ({
      example: exampleOf(split, row),
      answers: outcome.arms.map(({ arm: { name }, runs }) => ({
        by: name,
        // What `runNeverSeenArm` wrote, or the same read from the results.
        label: (runs[0]?.result.details as NeverSeenDetails | undefined)?.shown[place] ?? 0,
      })),
    })),
  };
}

async function teacherFindings({ data, teacher, digit }: FindingsOptions): Promise<NeverSeen['teacher']> {
  const { model, weights } = teacher;
  const predict = (of: NeverSeenData['scored']) =>
    withEvaluator({ model, data: of, threads: 1 }, (evaluator) => evaluator.predict(weights));
  const { classes, metrics } = await predict(data.scored);
  const onOthers = await predict(data.others);
  const isDigit = (predicted: number) => predicted === digit;
  const found = data.digitRows.filter((row) => isDigit(classes[row] as number)).length;
  return {
    name: `784-${Number(model.parameters[0]?.shape[0])}-10`,
    parameters: Object.values(weights).reduce((sum, { data: values }) => sum + values.length, 0),
    score: inPoints(metrics.accuracy ?? Number.NaN),
    digitScore: inPoints(found / data.digitRows.length),
    called: onOthers.classes.filter(isDigit).length,
  };
}

/** An experiment as if it had been scored on some of the rows alone. Its runs have kept which of them were right. */
export function outcomeOn(outcome: ExperimentOutcome, rows: Uint32Array): ExperimentOutcome {
  return {
    ...outcome,
    arms: outcome.arms.map((arm) => {
      const runs = arm.runs.map((run) => ({ ...run, result: resultOn(run.result, rows) }));
      return { ...arm, runs, scores: runs.map(({ result }) => inPoints(result.score)) };
    }),
  };
}

function resultOn({ right, parameters }: ArmResult, rows: Uint32Array): ArmResult {
  const known = right && unpackRightRows(right);
  const kept = rows.map((row) => known?.[row] ?? 0);
  return { score: kept.reduce((sum, is) => sum + is, 0) / rows.length, parameters, right: packRightRows(kept) };
}

function figuresOf({ arms, metric }: ExperimentOutcome, index: number): NeverSeen['arms'][number]['all'] {
  const { scores, mean, sd, interval } = recordedArm(arms[index] as ExperimentOutcome['arms'][number], metric);
  return { scores, mean, ...(sd !== undefined && { sd }), ...(interval && { interval }) };
}

function exampleOf({ images, labels }: MnistSplit, row: number): EvidenceExample {
  const pixels = images.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE);
  return {
    id: String(row),
    label: labels[row] ?? 0,
    image: { width: SIDE, height: SIDE, pixels: Buffer.from(pixels).toString('base64') },
  };
}
