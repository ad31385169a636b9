/** @file `load` in a worker of a browser. */
import { type LoadOptions, load } from './load-web.js';
import type { ModelFiles } from './model-source.js';
import type { Inference } from './text-model.js';
import type { FromWorker, ToWorker } from './worker-calls.js';
import { loadBehind, type WorkerOptions } from './worker-client.js';
import { serveCalls } from './worker-server.js';

/** The part of a browser's `Worker` that is needed here: TypeScript has it in its "dom" library alone. */
export type WebWorker = {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'error', listener: (event: { readonly data?: unknown }) => void): void;
  terminate(): void;
};

type Scope = Pick<WebWorker, 'postMessage' | 'addEventListener'> & {
  readonly Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;
  readonly location?: { readonly href: string };
};

const scope = globalThis as unknown as Scope;

/**
 * Loads a model in a worker: what it takes to answer does not hold up the page. The worker ends with `release`.
 * @param options.worker One whose script calls `serveInference`, for bundlers that do not know `new Worker(new URL(…))`.
 * @throws as `load` does; EngineError if the worker ends early.
 */
export function loadInWorker(
  source: string | URL | ModelFiles,
  { worker = ownWorker(), ...options }: WorkerOptions & { readonly worker?: WebWorker } = {},
): Promise<Inference> {
  const port = {
    post: (message: ToWorker) => worker.postMessage(message),
    listen: (onMessage: (message: FromWorker) => void, onEnd: (reason: string) => void) => {
      worker.addEventListener('message', ({ data }) => onMessage(data as FromWorker));
      worker.addEventListener('error', (event) => {
        onEnd(`one that failed: ${(event as { readonly message?: string }).message ?? 'its script cannot be loaded'}`);
      });
    },
    hold: () => {},
    end: () => worker.terminate(),
  };
  const { href } = scope.location ?? {};
  const given = typeof source === 'string' && href !== undefined ? new URL(source, href) : source;
  return loadBehind(port, given, options);
}

function ownWorker(): WebWorker {
  return new scope.Worker(new URL('./serving-worker.js', import.meta.url), { type: 'module' });
}

/**
 * Makes this worker answer for `loadInWorker`.
 * @param options `runtime`, to choose a build of `onnxruntime-web` or where its files are
 */
export function serveInference(options: Pick<LoadOptions, 'runtime'> = {}): void {
  const take = serveCalls(
    (source, sent) => load(source, { ...options, ...sent }),
    (message) => scope.postMessage(message),
  );
  // Only `loadInWorker` talks to this worker.
  scope.addEventListener('message', ({ data }) => take(data as ToWorker));
}
