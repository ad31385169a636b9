/** @file What a thread of `loadInWorker` runs in Node. */
import { parentPort } from 'node:worker_threads';
import { load } from './load.js';
import { serveCalls } from './worker-server.js';

const take = serveCalls(load, (message) => parentPort?.postMessage(message));
// Only `loadInWorker` talks to this thread.
parentPort?.on('message', take);
