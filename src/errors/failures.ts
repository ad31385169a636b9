/** @file Failures by what went wrong. Each says its own name: bundlers shorten those of classes. */
import { type ExitCode, RetortError } from './retort-error.js';

/** Tensors whose shapes do not fit each other or the operation. */
export class ShapeError extends RetortError {
  override name = 'ShapeError';
}

/** Tensors of the wrong element type. */
export class DtypeError extends RetortError {
  override name = 'DtypeError';
}

/** A flag, option or config value that is unknown, missing or out of range: wrong use. */
export class OptionError extends RetortError {
  override name = 'OptionError';
  override readonly exitCode: ExitCode = 2;
}

/** An input file that is missing, torn, or not what it claims to be. */
export class FileError extends RetortError {
  override name = 'FileError';
}

/** A checkpoint or model folder that cannot be used here. */
export class CheckpointError extends RetortError {
  override name = 'CheckpointError';
}

/** A place to write to that does not take the bytes: occupied, read-only, full. */
export class OutputError extends RetortError {
  override name = 'OutputError';
}

/** A loss or gradient that is not finite. The state before it survives. */
export class DivergedError extends RetortError {
  override name = 'DivergedError';
}

/** A device the runtime does not offer. */
export class DeviceError extends RetortError {
  override name = 'DeviceError';
  override readonly exitCode: ExitCode = 2;
}

/** A method whose needs a teacher, student or data set cannot meet. */
export class SignalError extends RetortError {
  override name = 'SignalError';
}

/** Something found wrong with a run by name, for who wants no run with a warning (`strict`). */
export class CheckError extends RetortError {
  override name = 'CheckError';
}

/** The user asked to stop; the run can be resumed. */
export class InterruptedError extends RetortError {
  override name = 'InterruptedError';
  override readonly exitCode: ExitCode = 130;
}
