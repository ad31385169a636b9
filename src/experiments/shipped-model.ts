/** @file A model by path where that is the folder of an experiment: the student that its record says to ship. */
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { isFile } from '../files/path-entry.js';
import { RECORD } from './formats.js';

/**
 * The path as it came, or of an experiment's folder that of the student to ship.
 * @throws FileError for a record that cannot be read, or that names no student; what leads out of the folder is none.
 */
export async function shippedModel(path: string, onNotice: (text: string) => void): Promise<string> {
  const file = join(path, RECORD);
  if (!(await isFile(file))) return path;
  // The record's schema and statistics are loaded only where there is one.
  const { readExperimentRecord } = await import('./experiment-record.js');
  const { ship } = await readExperimentRecord(file);
  if (ship === undefined || !/^runs[/\\][^/\\]+$/.test(ship.path)) {
    throw new FileError({
      where: file,
      wanted: 'the student to ship',
      got: ship === undefined ? 'none' : `'${ship.path}'`,
      fix: `name the folder of a run: ${join(path, 'runs', 'ARM-SEED')}`,
    });
  }
  const folder = join(path, ship.path);
  onNotice(`${path} is an experiment: ${folder} is the student that it says to ship`);
  return folder;
}
