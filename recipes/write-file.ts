import { rename, writeFile } from 'node:fs/promises';

/** Writes a file beside its place and moves it there: a run that is killed meanwhile leaves the old content whole. */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  await writeFile(beside, content);
  await rename(beside, path);
}
