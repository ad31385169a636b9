import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../errors/failures.js';
import { writeManifest } from '../files/manifest.js';
import { replaceFolderAtomic } from '../files/replace-folder.js';
import { jsStudent, withTokenizer } from './js-student.js';
import type { OnnxFolderContent } from './onnx-folder.js';

/**
 * Writes it as a folder, in one piece.
 * @returns bytes of `student.js`
 * @throws as `jsStudent` does; OutputError naming the place that cannot be written.
 */
export async function saveJs(folder: string, content: OnnxFolderContent): Promise<number> {
  const files = await jsStudent(withTokenizer(content));
  await replaceFolderAtomic(folder, async (inside) => {
    for (const [name, data] of Object.entries(files)) await writeFile(join(inside, name), data);
    await writeManifest(inside);
  });
  return Buffer.byteLength(files['student.js'] as string);
}

/** @throws OptionError for another precision, of which there is none. */
export function expectInt8(precision: string | undefined): void {
  if (precision === undefined || precision === 'int8') return;
  throw new OptionError({ where: 'to js', wanted: 'precision int8', got: precision, fix: 'leave --precision out' });
}
