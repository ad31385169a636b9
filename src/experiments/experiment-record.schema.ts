/** @file The JSON of an experiment's record, checked where bytes become objects. Reports and comparisons read nothing else. */
import { z } from 'zod';
import { DEFAULT_METRIC, JUDGED_METRICS } from '../metrics/table.js';
import { modelCalibration } from '../models/calibration.schema.js';
import { EXPERIMENT_FORMAT } from './formats.js';
import { curvePoint, measuredNumber, runMachine, warning } from './results-file.schema.js';

const count = z.int().min(0);
const seconds = z.number().min(0);
/** A metric times 100: a percentage, or a correlation, which may be negative. */
const score = z.number().min(-100).max(100);
const probability = z.number().min(0).max(1);
/** Between two scores. */
const points = z.number().min(-1e4).max(1e4);
const settings = z.record(z.string(), z.json());

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const experimentVersionSchema = z.looseObject({
  format: z.literal(EXPERIMENT_FORMAT.name),
  version: z.int().min(1),
});

const interval = z
  .strictObject({ over: z.enum(['seeds and rows', 'seeds', 'rows']), low: points, high: points })
  .optional();

/** What runs score on the test split, in the order of the seeds. */
const tested = z.strictObject({
  scores: z.array(score).min(1),
  mean: score,
  sd: z.number().min(0).optional(),
  interval,
  metrics: z.record(z.string(), z.array(measuredNumber)).optional(),
});

const arm = z.strictObject({
  name: z.string(),
  /** What it is, for somebody who sees the name for the first time. */
  description: z.string().optional(),
  settings,
  /** Trained numbers in the model. */
  parameters: count,
  /** The record's metric times 100, in the order of its seeds. */
  scores: z.array(score).min(1),
  mean: score,
  /** Over the seeds; absent for one. */
  sd: z.number().min(0).optional(),
  /**
   * 95 %, times 100: `seeds and rows` for the mean over all seeds on all possible rows, `seeds` for that on these rows alone
   * (t-interval), `rows` for a single model over all possible rows (of an accuracy Wilson's, else a bootstrap's).
   */
  interval,
  /** All metrics of the task times 100, by name, in the order of the seeds. */
  metrics: z.record(z.string(), z.array(measuredNumber)).optional(),
  /** The same of the test split, where there is one; what stands above is of the validation split. */
  test: tested.optional(),
  /** Rows that it learnt from, and optimiser steps of a run. */
  train: z.strictObject({ rows: count, steps: count }).optional(),
  /** Of each run. */
  seconds: z.array(seconds),
  /** Of the first seed. */
  curve: z.array(curvePoint).optional(),
});

const gain = z.strictObject({
  arm: z.string(),
  over: z.string(),
  split: z.literal('test').optional(),
  seeds: z.int().min(1),
  mean: points,
  sd: z.number().min(0).optional(),
  low: points.optional(),
  high: points.optional(),
  fromSeeds: points.optional(),
  fromRows: points.optional(),
  rows: count.optional(),
  smallestEffect: z.number().positive(),
  verdict: z.enum(['BETTER', 'NO BETTER', "CAN'T TELL", 'NO VERDICT']),
  collapsed: z.enum(['both', 'arm', 'over']).optional(),
  small: z.literal(true).optional(),
  worse: z.literal(true).optional(),
  seedsToDecide: count.optional(),
  rowsToDecide: count.optional(),
  mcnemar: z.strictObject({ onlyArm: count, onlyOther: count, rows: count, p: probability }).optional(),
  resampled: z.strictObject({ rows: count, low: points, high: points }).optional(),
  text: z.string(),
});

const environment = z.strictObject({
  retort: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: count,
  memoryBytes: count,
  /** Of ONNX Runtime, in each process. */
  threads: count.optional(),
  device: z.string().optional(),
});

const data = z.strictObject({ name: z.string(), rows: count });

/** A row of the evaluation set: an image, or a text, or neither. */
const example = z.strictObject({
  id: z.string(),
  /** Index of the right class; absent where nobody knows. */
  label: count.optional(),
  /** Of a regression: what was to be predicted. */
  score: z.number().optional(),
  /** Grey values 0 … 255, a byte each, row by row. */
  image: z.strictObject({ width: z.int().min(1), height: z.int().min(1), pixels: z.base64() }).optional(),
  /** Of a pair, each on a line. */
  text: z.string().optional(),
});

/** What a model answers: the class, and the probabilities of all classes or of this one. */
const answer = z.strictObject({
  /** An arm, or `teacher`. */
  by: z.string(),
  label: count,
  probability: probability.optional(),
  probabilities: z.array(probability).optional(),
});

/** What a regression's models answer. */
const scoreEvidence = z.strictObject({
  /** Of some rows, evenly chosen: what was right, and what a model said. */
  answers: z.array(
    z.strictObject({ by: z.string(), seed: count.optional(), points: z.array(z.tuple([z.number(), z.number()])) }),
  ),
  /** Rows that have a score. */
  rows: count,
  /** The arm, with its seed, whose answers are compared with the teacher's. */
  arm: z.string(),
  seed: count,
  /** Rows where the two differ most. */
  furthest: z.array(
    z.strictObject({ example, answers: z.array(z.strictObject({ by: z.string(), score: z.number() })) }),
  ),
});

const evidence = z.strictObject({
  /** Names of the classes, in order. */
  classes: z.array(z.string()),
  /** How many rows of each class (first index) were taken for each class (second), by one model. */
  confusion: z.array(z.strictObject({ by: z.string(), seed: count.optional(), counts: z.array(z.array(count)) })),
  /** One model's probabilities for one row at several temperatures. */
  softened: z.array(
    z.strictObject({
      by: z.string(),
      example,
      at: z.array(z.strictObject({ temperature: z.number().positive(), probabilities: z.array(probability) })),
    }),
  ),
  /** Of a regression, in place of all that follows from classes. */
  scores: scoreEvidence.optional(),
  /** Rows that one model answers right and the other wrong, with some of them. */
  onlyRight: z.array(
    z.strictObject({
      arm: z.string(),
      over: z.string(),
      seed: count,
      /** How many rows only the first, and only the second, answers right; and how many there are. */
      onlyArm: count,
      onlyOther: count,
      rows: count,
      examples: z.array(z.strictObject({ example, answers: z.array(answer) })),
    }),
  ),
});

const scored = z.strictObject({
  /** In percent, in the order of the seeds. */
  scores: z.array(score).min(1),
  mean: score,
  sd: z.number().min(0).optional(),
  interval,
});

/** Of the primer: students that learn from a teacher and never see one of the ten digits. */
const neverSeen = z.strictObject({
  digit: z.int().min(0).max(9),
  seeds: z.array(count).min(1),
  /** Training images of all digits, of the others, and evaluation images of all digits and of this one. */
  images: z.strictObject({ all: count, others: count, evaluation: count, digit: count }),
  /** `called`: training images of other digits that it takes for the digit. `digitScore`: the share of the digit that it predicts right. */
  teacher: z.strictObject({ name: z.string(), parameters: count, score, digitScore: score, called: count }),
  student: z.strictObject({ name: z.string(), parameters: count }),
  /** `all`: accuracy on all evaluation images; `digit`: on those of the digit. */
  arms: z.array(z.strictObject({ name: z.string(), description: z.string(), all: scored, digit: scored })).min(1),
  headline: z.strictObject({ arm: z.string(), over: z.string() }),
  /** The headline's arm over the others, on all evaluation images and on those of the digit. */
  gains: z.strictObject({ all: z.array(gain), digit: z.array(gain) }),
  /** The first images of the digit, and the class that each arm's student of the first seed predicts. */
  examples: z.array(z.strictObject({ example, answers: z.array(answer) })),
  seconds,
});

/** How a teacher fits the labels of some rows: its score, and the mean of its largest probability. */
const fit = { score: score.optional(), confidence: probability.optional() };

/** What the checks found: before the runs, or in those of an arm. */
const foundWarning = warning.extend({ arm: z.string().optional(), seeds: z.array(count).optional() });

const record = z.strictObject({
  format: z.literal(EXPERIMENT_FORMAT.name),
  version: z.literal(EXPERIMENT_FORMAT.version),
  name: z.string(),
  /** What the experiment asks, as a sentence. */
  question: z.string(),
  metric: z.enum(JUDGED_METRICS),
  /** When it ended. */
  date: z.iso.datetime(),
  command: z.string().optional(),
  /** The text of the config that the command names. */
  config: z.string().optional(),
  /** Of the call that ended it; the arms have those of each run. */
  seconds,
  /** The most memory that one process held. */
  peakRssBytes: count,
  /** Of the process that wrote the record. */
  environment,
  /** Of a shared experiment: who did which runs, by the names of their folders. */
  machines: z.array(runMachine.extend({ runs: z.array(z.string()).min(1) })).optional(),
  seeds: z.array(count).min(1),
  settings,
  /** `transfer` are rows that only a teacher answers, beside those of `train`. */
  data: z.strictObject({ train: data, evaluation: data, test: data.optional(), transfer: data.optional() }).optional(),
  /** All verdicts hold for this teacher alone, unless there was another for each seed. */
  teacher: z
    .strictObject({
      name: z.string(),
      /** In the record's metric, times 100. */
      score: score.optional(),
      /** The same on the test split, where it was asked about that. */
      test: score.optional(),
      parameters: count.optional(),
      isPerSeed: z.boolean(),
      /** On training rows, at most 2,000; `seen` by models that were trained on them, where it was not. */
      training: z.strictObject({ rows: count, ...fit, seen: z.strictObject(fit).optional() }).optional(),
      /** Of a cross-fitted teacher: the hash of the model of each fold. */
      folds: z.array(z.string()).min(2).optional(),
      /** Whether one may train on its outputs, as it was read or said. */
      terms: z
        .strictObject({
          status: z.enum(['allowed', 'private-only', 'forbidden', 'unknown']),
          source: z.string().optional(),
          date: z.string().optional(),
        })
        .optional(),
      /** Of one that was asked over a network: who answered, and how many rows it gave no answer to. */
      replies: z
        .strictObject({ model: z.string().optional(), rows: count, refused: count, malformed: count })
        .optional(),
    })
    .optional(),
  arms: z.array(arm).min(1),
  /** Comparisons over paired seeds: on the test split, where there is one. */
  gains: z.array(gain),
  /** The comparison that answers the question: one of the gains. */
  headline: z.strictObject({ arm: z.string(), over: z.string(), text: z.string() }).optional(),
  /** Where an arm ran without controls: that nothing is claimed, and what a verdict would take. */
  notCompared: z.string().optional(),
  /** The student to use: a run of the first seed. Records of 0.1 have none. */
  ship: z
    .strictObject({
      arm: z.string(),
      seed: count,
      /** Of the arm over all seeds: what to expect of a run of it. */
      mean: score,
      /** The same on the test split, by which it was not chosen. */
      test: score.optional(),
      /** Its folder, from that of the record. */
      path: z.string(),
      why: z.string(),
    })
    .optional(),
  /** Of the student to use: its temperature, and what its probabilities mean without and with it. */
  calibration: modelCalibration.extend({ arm: z.string() }).optional(),
  softTargets: z.strictObject({ helped: z.boolean(), text: z.string() }).optional(),
  evidence: evidence.optional(),
  neverSeen: neverSeen.optional(),
  warnings: z.array(foundWarning).optional(),
});

/** Version 1 knew accuracies alone. What else may be wrong with it is found in its new form. */
const firstVersion = z
  .looseObject({ version: z.literal(1), teacher: z.looseObject({}).optional(), arms: z.array(z.looseObject({})) })
  .transform(({ teacher, arms, ...rest }) => ({
    ...rest,
    version: EXPERIMENT_FORMAT.version,
    metric: DEFAULT_METRIC,
    ...(teacher && { teacher: withScore(teacher, 'accuracy', 'score') }),
    arms: arms.map((one) => withScore(one, 'accuracies', 'scores')),
  }));

/** Version 2 had no checksum, and its intervals were over seeds alone: whoever reads it judges it anew. */
const secondVersion = z
  .looseObject({ version: z.literal(2) })
  .transform((then) => ({ ...then, version: EXPERIMENT_FORMAT.version }));

const olderVersion = z.union([firstVersion, secondVersion]);

function withScore(given: Readonly<Record<string, unknown>>, then: string, now: string): object {
  const { [then]: value, ...rest } = given;
  return { ...rest, ...(value !== undefined && { [now]: value }) };
}

/** Of any version. */
export const experimentSchema = z.preprocess((value) => olderVersion.safeParse(value).data ?? value, record);

export type ExperimentRecord = z.infer<typeof record>;
export type RecordedArm = z.infer<typeof arm>;
export type RunEnvironment = z.infer<typeof environment>;
export type Evidence = z.infer<typeof evidence>;
export type EvidenceExample = z.infer<typeof example>;
export type NeverSeen = z.infer<typeof neverSeen>;
