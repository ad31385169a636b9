import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputFailure } from '../../files/file-failure.js';
import type { KeptModel } from './kept-models.js';

/** Removes a model that is no longer kept. */
export async function removeKept(outputDir: string, { name }: KeptModel): Promise<void> {
  const path = join(outputDir, name);
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw outputFailure(error, path);
  }
}
