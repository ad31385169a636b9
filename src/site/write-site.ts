/** @file The playground as a folder of files, to be published by any web server. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputFailure } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { claimOutputFolder } from '../files/output-folder.js';
import type { Site } from './site.js';

export type WrittenSite = { readonly files: number; readonly bytes: number };

/** @throws OutputError for a folder that is not empty, or cannot be written; as `Site.files` read. */
export async function writeSite({ files }: Site, outputDir: string): Promise<WrittenSite> {
  const folder = await claimOutputFolder(outputDir);
  let bytes = 0;
  try {
    for (const [path, { read }] of files) {
      const content = await read();
      const whole = join(outputDir, path);
      try {
        await makeFolder(dirname(whole));
        await writeFile(whole, content);
      } catch (error) {
        throw outputFailure(error, whole);
      }
      bytes += content.length;
    }
  } finally {
    folder.release();
  }
  return { files: files.size, bytes };
}
