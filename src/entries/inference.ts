export {
  type Answer,
  type Inference,
  type LoadOptions,
  load,
  type StreamOptions,
  type TextInput,
} from '../inference/load.js';
export type { FileReading } from '../options/file-reading.js';
