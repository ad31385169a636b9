export {
  CheckError,
  CheckpointError,
  DeviceError,
  DivergedError,
  DtypeError,
  FileError,
  InterruptedError,
  OptionError,
  OutputError,
  ShapeError,
  SignalError,
} from '../errors/failures.js';
export { type ErrorDetails, type ExitCode, RetortError } from '../errors/retort-error.js';
