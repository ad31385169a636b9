export {
  type Answer,
  type Inference,
  type LoadOptions,
  load,
  type StreamOptions,
  type TextInput,
} from '../inference/load.js';
