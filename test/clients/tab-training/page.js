import { trainInWorker } from 'retort-ml/browser';

// Asks a worker for a training, and keeps what it found.
globalThis.trainInTab = (name, threads) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  return new Promise((done) => {
    worker.addEventListener('message', ({ data }) => {
      worker.terminate();
      done(data);
    });
    worker.addEventListener('error', ({ message }) => done({ failed: message ?? 'the worker cannot be loaded' }));
    worker.postMessage({ name, threads });
  });
};

// As a page does it: the files of a student that a worker has trained.
globalThis.studentInTab = async (options) => {
  const events = [];
  const worker = new Worker('/student-worker.js', { type: 'module' });
  const { js, onnx, metrics } = await trainInWorker({ ...options, onEvent: ({ type }) => events.push(type) }, worker);
  return { events, metrics, js: Object.keys(js), onnx: Object.keys(onnx), bytes: js['student.js'].length };
};
