/** @file The JSON of an experiment's record, checked where bytes become objects. Reports and comparisons read nothing else. */
import { z } from 'zod';
import { RECORD_FORMAT } from './formats.js';
import { curvePoint } from './results-file.schema.js';

const count = z.int().min(0);
const seconds = z.number().min(0);
const percentage = z.number().min(0).max(100);
const probability = z.number().min(0).max(1);
/** Percentage points between two accuracies. */
const points = z.number().min(-1e4).max(1e4);
const settings = z.record(z.string(), z.json());

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const versionSchema = z.looseObject({ format: z.literal(RECORD_FORMAT.name), version: z.int().min(1) });

const arm = z.strictObject({
  name: z.string(),
  /** What it is, for somebody who sees the name for the first time. */
  description: z.string().optional(),
  settings,
  /** Trained numbers in the model. */
  parameters: count,
  /** In percent, in the order of the record's seeds. */
  accuracies: z.array(percentage).min(1),
  mean: percentage,
  /** Over the seeds; absent for one. */
  sd: z.number().min(0).optional(),
  /**
   * 95 %, in percent: `seeds` for the mean over all seeds (t-interval), `rows` for a single model over all possible
   * rows (Wilson).
   */
  interval: z.strictObject({ over: z.enum(['seeds', 'rows']), low: points, high: points }).optional(),
  /** Of each run. */
  seconds: z.array(seconds),
  /** Of the first seed. */
  curve: z.array(curvePoint).optional(),
});

const gain = z.strictObject({
  arm: z.string(),
  over: z.string(),
  seeds: z.int().min(1),
  mean: points,
  sd: z.number().min(0).optional(),
  low: points.optional(),
  high: points.optional(),
  smallestEffect: z.number().positive(),
  verdict: z.enum(['BETTER', 'NO BETTER', "CAN'T TELL"]),
  small: z.literal(true).optional(),
  worse: z.literal(true).optional(),
  seedsToDecide: count.optional(),
  mcnemar: z.strictObject({ onlyArm: count, onlyOther: count, rows: count, p: probability }).optional(),
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
  /** Grey values 0 … 255, a byte each, row by row. */
  image: z.strictObject({ width: z.int().min(1), height: z.int().min(1), pixels: z.base64() }).optional(),
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

export const recordSchema = z.strictObject({
  format: z.literal(RECORD_FORMAT.name),
  version: z.literal(RECORD_FORMAT.version),
  name: z.string(),
  /** What the experiment asks, as a sentence. */
  question: z.string(),
  /** When it ended. */
  date: z.iso.datetime(),
  command: z.string().optional(),
  /** Of the call that ended it; the arms have those of each run. */
  seconds,
  /** The most memory that one process held. */
  peakRssBytes: count,
  environment,
  seeds: z.array(count).min(1),
  settings,
  data: z.strictObject({ train: data, evaluation: data }).optional(),
  /** All verdicts hold for this teacher alone, unless there was another for each seed. */
  teacher: z
    .strictObject({
      name: z.string(),
      /** In percent. */
      accuracy: percentage.optional(),
      parameters: count.optional(),
      isPerSeed: z.boolean(),
    })
    .optional(),
  arms: z.array(arm).min(1),
  /** Comparisons over paired seeds. */
  gains: z.array(gain),
  /** The comparison that answers the question: one of the gains. */
  headline: z.strictObject({ arm: z.string(), over: z.string(), text: z.string() }).optional(),
  softTargets: z.strictObject({ helped: z.boolean(), text: z.string() }).optional(),
  evidence: evidence.optional(),
});

export type ExperimentRecord = z.infer<typeof recordSchema>;
export type RecordedArm = z.infer<typeof arm>;
export type Environment = z.infer<typeof environment>;
export type Evidence = z.infer<typeof evidence>;
export type Example = z.infer<typeof example>;
export type Answer = z.infer<typeof answer>;
