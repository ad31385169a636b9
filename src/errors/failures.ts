import { type ExitCode, RetortError } from './retort-error.js';

/** Tensors whose shapes do not fit each other or the operation. */
export class ShapeError extends RetortError {}

/** Tensors of the wrong element type. */
export class DtypeError extends RetortError {}

/** A flag, option or config value that is unknown, missing or out of range: wrong use. */
export class OptionError extends RetortError {
  override readonly exitCode: ExitCode = 2;
}

/** An input file that is missing, torn, or not what it claims to be. */
export class FileError extends RetortError {}

/** A checkpoint or model folder that cannot be used here. */
export class CheckpointError extends RetortError {}

/** A place to write to that does not take the bytes: occupied, read-only, full. */
export class OutputError extends RetortError {}

/** A loss or gradient that is not finite. The state before it survives. */
export class DivergedError extends RetortError {}

/** A device the runtime does not offer. */
export class DeviceError extends RetortError {
  override readonly exitCode: ExitCode = 2;
}

/** A method whose needs a teacher, student or data set cannot meet. */
export class SignalError extends RetortError {}

/** Something found wrong with a run by name, for who wants no run with a warning (`strict`). */
export class CheckError extends RetortError {}

/** The user asked to stop; the run can be resumed. */
export class InterruptedError extends RetortError {
  override readonly exitCode: ExitCode = 130;
}
