/** @file `metrics.json`: what a run was and what it gave. Reports and comparisons read nothing else. */
import { writeFileAtomic } from '../../files/atomic-write.js';
import { begunByOlder, expectSame, type Fingerprint } from '../../files/fingerprint.js';
import { sealed, unsealed } from '../../files/sealed-json.js';
import { newerFormat, parsed, readSmallJson } from '../../models/saved-model.js';
import type { Warning } from '../checks/table.js';
import type { KeptModel } from './kept-models.js';
import { RUN_FORMAT, SEALED_RUN_VERSION, STEPS_RUN_VERSION } from './run-files.js';

export type EpochRecord = {
  /** From 1. */
  readonly epoch: number;
  /** Steps done at its end. */
  readonly step: number;
  /** Mean over its steps, and those of the terms. */
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  /** Of the evaluation set after this epoch; empty without one. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Since the run began, without the time it lay interrupted. */
  readonly seconds: number;
};

type DataRecord = { readonly name: string; readonly rows: number };

/** What the model to use scores on the test split: the kept one that ranks first on the validation split, or the last. */
export type TestRecord = {
  readonly name: string;
  /** That have a label or score. */
  readonly rows: number;
  /** After which the model was; absent of one that was fitted at once. */
  readonly epoch?: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
};

/** How a convex solver found the weights: those of `LinearFit` that are no weights. */
export type FitRecord = {
  readonly loss: string;
  /** Of the L2 penalty, the larger the weaker, in units of the rows; and as C of `DualAscent`. */
  readonly strength: number;
  readonly C: number;
  /** The loss on the rows that chose the strength; null where nothing was chosen. */
  readonly innerLoss: number | null;
  /** What the scores were divided by. */
  readonly temperature: number;
  readonly epochs: number;
  /** How far above the least loss it may be, as a share of it. */
  readonly gap: number;
};

/** One stage of a method. Its folder holds its own record, log and model. */
export type PhaseRecord = {
  readonly name: string;
  readonly folder: string;
  readonly steps: number;
  readonly seconds: number;
  readonly parameters: number;
  readonly metrics: Readonly<Record<string, number>>;
};

export type RunRecord = {
  /** Versions of what computed it. */
  readonly retort: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly command?: string | undefined;
  /** The text of the config that the command names. */
  readonly config?: string | undefined;
  readonly seed: number;
  /** Trained numbers in the model. */
  readonly parameters: number;
  readonly data: { readonly train: DataRecord; readonly evaluation?: DataRecord | undefined };
  /** All that decides the run's numbers. */
  readonly options: Fingerprint;
  /** Of a method of several stages: those that the model has been through. */
  readonly steps: number;
  /** Of a method of several stages: of all. */
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  /** Of the evaluation set, after the last epoch; of a run that ends with the model of its best epoch, after that. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly epochs: readonly EpochRecord[];
  readonly test?: TestRecord | undefined;
  /** Of a run without steps. */
  readonly fit?: FitRecord | undefined;
  /** What may make it worthless, by the checks' names. */
  readonly warnings: readonly Warning[];
  /** The models kept for their value, in order of epochs. */
  readonly kept: readonly KeptModel[];
  /** The folder of the model after the last step, if it was kept. */
  readonly last?: string | undefined;
  /** The stages of a method that has several, in their order; the rest of the record is then that of the last. */
  readonly phases?: readonly PhaseRecord[] | undefined;
};

const MAX_RECORD_BYTES = 256 * 2 ** 20;

/** @throws OutputError naming the path. */
export async function writeRunRecord(path: string, record: RunRecord): Promise<void> {
  const { name: format } = RUN_FORMAT;
  const version = (record.fit ?? record.test) === undefined ? STEPS_RUN_VERSION : RUN_FORMAT.version;
  await writeFileAtomic(path, `${JSON.stringify(sealed({ format, version, ...record }), null, 2)}\n`);
}

/** @throws OptionError naming what is not as in the run that has ended, or that it is of a version too old to tell. */
export function expectSameRun(outputDir: string, { options, retort }: RunRecord, now: Fingerprint): void {
  if (!('numerics' in options)) throw begunByOlder(outputDir, retort);
  expectSame(outputDir, options, now);
}

/** @throws CheckpointError for a file that is missing, damaged or of a newer format. */
export async function readRunRecord(path: string): Promise<RunRecord> {
  const json = await readSmallJson(path, MAX_RECORD_BYTES);
  const { runRecordSchema, savedVersionSchema } = await import('./checkpoint.schema.js');
  const { version } = parsed(savedVersionSchema.safeParse(json), path);
  if (version > RUN_FORMAT.version) throw newerFormat(path, RUN_FORMAT.version, version);
  const stored = unsealed(json, path, version >= SEALED_RUN_VERSION);
  const { format: _format, version: _version, ...record } = parsed(runRecordSchema.safeParse(stored), path);
  return record;
}
