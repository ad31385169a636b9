/** @file Calling a shared experiment off, for all who work on it. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-write.js';
import { WORK } from './sharing.js';

/** The file that says so, until the experiment is resumed. */
export function cancelPath(outputDir: string): string {
  return join(outputDir, WORK, 'cancelled');
}

/** Workers see it within a second or their next step, keep their states and end. @throws OutputError naming the file. */
export function cancelWork(outputDir: string): Promise<void> {
  return writeFileAtomic(cancelPath(outputDir), '');
}
