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
