/** @file What goes between a program and the thread that answers for it. */
import {
  CheckpointError,
  DeviceError,
  DivergedError,
  DtypeError,
  FileError,
  InterruptedError,
  OptionError,
  ShapeError,
  SignalError,
} from '../errors/failures.js';
import { type ErrorDetails, RetortError } from '../errors/retort-error.js';
import { EngineError } from '../runtime/engine-error.js';
import type { Prediction, Tagging, TaskAnswers, TextInput } from './answer.js';
import type { ModelFiles } from './model-source.js';
import type { Inference } from './text-model.js';

/** What can be sent of the options of `load`. */
export type SentOptions = { readonly threads?: number; readonly device?: string; readonly maxLength?: number };
export type SentSource = string | ModelFiles;
export type ModelFacts = Pick<Inference, 'labels' | 'maxLength' | 'isTagger' | 'readAs' | 'question' | 'tasks'>;

type RowsCall = { readonly firstRow: number; readonly badRows: 'report' | 'stop' };

export type Call =
  | { readonly call: 'load'; readonly source: SentSource; readonly options: SentOptions }
  | ({ readonly call: 'predict' | 'predictTasks'; readonly inputs: readonly TextInput[] } & RowsCall)
  | ({ readonly call: 'tag'; readonly inputs: readonly (string | readonly string[])[] } & RowsCall)
  | { readonly call: 'release' };

export type ToWorker = ({ readonly id: number } & Call) | { readonly abort: number };

export type FromWorker =
  | { readonly notice: string }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError };

/** An error as it can be cloned: ours by their parts. */
export type SentError = Pick<ErrorDetails, 'where' | 'wanted' | 'got'> & {
  readonly name: string;
  readonly message: string;
  readonly fix?: string | undefined;
};

const CLASSES: Readonly<Record<string, new (details: ErrorDetails) => RetortError>> = {
  ...{ CheckpointError, DeviceError, DivergedError, DtypeError, EngineError, FileError },
  ...{ InterruptedError, OptionError, ShapeError, SignalError },
};

export function sentError(error: unknown): SentError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof RetortError)) return { name, message, where: '', wanted: '', got: '' };
  const { where, wanted, got, fix } = error;
  return { name, message, where, wanted, got, fix };
}

export function receivedError({ name, message, fix, ...rest }: SentError): Error {
  const Ours = CLASSES[name];
  if (Ours === undefined) return Object.assign(new Error(message), { name });
  return new Ours({ ...rest, ...(fix !== undefined && { fix }) });
}

/** Rows whose errors can be cloned, and back. */
export function sentRows(rows: readonly (Prediction | Tagging | TaskAnswers)[]): unknown[] {
  return rows.map((row) => (row.error === undefined ? row : { error: sentError(row.error) }));
}

export function receivedRows<T extends Prediction | Tagging | TaskAnswers>(rows: unknown): T[] {
  const sent = rows as readonly (T | { readonly error: SentError })[]; // as `sentRows` made them
  return sent.map((row) => (row.error === undefined ? row : { error: receivedError(row.error as SentError) }) as T);
}
