/** @file The script of a worker that `loadInWorker` starts by itself. */
import { serveInference } from './worker-web.js';

serveInference();
