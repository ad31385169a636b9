/** @file Models by name: downloaded where they are missing, with progress. */
import { CheckpointError } from '../errors/failures.js';
import type { DownloadProgress } from '../hub/download.js';

/** The folder of a model, from a name that is no path to one. */
export type FindModel = (name: string) => Promise<string>;

/** Told while a model is looked for. */
export type HubEvents = {
  readonly onNotice?: (text: string) => void;
  readonly onDownload?: (model: string, progress: DownloadProgress) => void;
};

/** For `findModelFolder` and `openAnyModel`: `fetchModel`, which is loaded once a name is asked for. */
export function findOnHub({ onNotice, onDownload }: HubEvents): FindModel {
  return async (name) => {
    const [{ fetchModel }, { MODEL_NAMES }] = await Promise.all([
      import('./fetch-model.js'),
      import('./hugging-face-cache.js'),
    ]);
    try {
      return await fetchModel(name, {
        ...(onNotice && { onNotice }),
        onProgress: (progress) => onDownload?.(name, progress),
      });
    } catch (error) {
      // Whoever mistyped a path would else read of a hub that they never thought of.
      if (!(error instanceof CheckpointError) || error.where !== name || MODEL_NAMES.has(name)) throw error;
      const { where, wanted, got, fix } = error;
      const details = { wanted, got, ...(fix !== undefined && { fix }), cause: error };
      throw new CheckpointError({ where: `${where} (no folder here, so looked for on the hub)`, ...details });
    }
  };
}
