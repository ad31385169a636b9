/** @file The temperature of a model, kept beside its weights: in `calibration.json`, which is written once a model is trained. */
import { join } from 'node:path';
import { CheckpointError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { isFile, textIn } from '../files/path-entry.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { storedValue } from '../files/stored-json.js';
import { parseJson } from '../files/stored-text.js';
import type { ModelCalibration } from './calibration.schema.js';
import { CALIBRATION_FORMAT } from './model-format.js';

export const CALIBRATION = 'calibration.json';

/** @param weights SHA-256 of the weights that it is of (`weightsHash`) @throws OutputError naming the place that cannot be written. */
export async function writeCalibration(folder: string, calibration: ModelCalibration, weights: string): Promise<void> {
  const { name: format, version } = CALIBRATION_FORMAT;
  const whole = sealed({ format, version, ...calibration, weights });
  await writeFileAtomic(join(folder, CALIBRATION), `${JSON.stringify(whole, null, 2)}\n`);
}

/**
 * The calibration of a model's folder; undefined where it has none.
 * @throws FileError for a file that was changed; CheckpointError for that of other weights.
 */
export async function readCalibration(folder: string, weights?: string): Promise<ModelCalibration | undefined> {
  const path = join(folder, CALIBRATION);
  if (!(await isFile(path))) return undefined;
  const { calibrationSchema } = await import('./calibration.schema.js');
  const value = unsealed(parseJson(await textIn(path), path), path, true);
  const found = storedValue(calibrationSchema.safeParse(value), path, 'a calibration written by retort');
  const { format: _, version: __, weights: own, ...calibration } = found;
  if (weights === undefined || own === weights) return calibration;
  throw new CheckpointError({
    where: path,
    wanted: 'the calibration of the weights beside it',
    got: 'that of others (their SHA-256 differs)',
    fix: 'copy the whole folder again, or delete that file: the model is then not calibrated',
  });
}
