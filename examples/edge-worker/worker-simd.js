// The same for a BiLSTM, whose WebAssembly workers may import but not compile: without this file it answers in plain JavaScript.
import kernels from './student/student.wasm';
import { useKernels } from './student/student.js';
import worker from './worker.js';

useKernels(kernels);

export default worker;
