/** @file Which experiment of a queue an output folder is: a file beside the plan. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-write.js';
import { inputFailure } from '../../files/file-failure.js';
import { makeFolder } from '../../files/make-folder.js';
import { sealed, unsealed } from '../../files/sealed-json.js';
import { storedValue } from '../../files/stored-json.js';
import { jsonOf } from '../../options/json.js';
import type { QueuePlace } from './queue-place.schema.js';
import { WORK } from './sharing.js';

export function queuePath(outputDir: string): string {
  return join(outputDir, WORK, 'queue.json');
}

/** Undefined for an experiment that is shared by its folder alone. @throws FileError for a damaged file. */
export async function readQueuePlace(outputDir: string): Promise<QueuePlace | undefined> {
  const path = queuePath(outputDir);
  if (!existsSync(path)) return undefined;
  const { queuePlaceSchema } = await import('./queue-place.schema.js');
  try {
    const json = unsealed(jsonOf(await readFile(path, 'utf8')), path, true);
    return storedValue(queuePlaceSchema.safeParse(json), path, 'a file written by retort');
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** @throws OutputError naming the file. */
export async function writeQueuePlace(outputDir: string, place: QueuePlace): Promise<void> {
  await makeFolder(join(outputDir, WORK));
  await writeFileAtomic(queuePath(outputDir), `${JSON.stringify(sealed(place))}\n`);
}
