/**
 * @file The checksums of a folder that is written as a whole, in `manifest.json` beside its files: what was changed,
 * damaged or mixed up since is found before anything follows from it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, inputFailure } from './file-failure.js';
import {
  changedFile,
  MANIFEST,
  MANIFEST_FORMAT,
  MANIFEST_TEXTS,
  manifestHashes,
  withoutManifest,
} from './manifest-format.js';
import { packageVersion } from './package-version.js';
import { isThere } from './path-entry.js';

const CHUNK_BYTES = 2 ** 20;

/** For people, who may rewrite it. */
const CARD = 'README.md';

/**
 * Writes the manifest of a folder whose files are all there.
 * @param hashedInside Files whose content has its hash in one of the others already: large ones are hashed once.
 */
export async function writeManifest(folder: string, hashedInside: readonly string[] = []): Promise<void> {
  const files: Record<string, string> = {};
  for (const name of await namesIn(folder)) {
    if (!hashedInside.includes(name) && name !== CARD) files[name] = await hashOf(folder, name);
  }
  const version = Object.keys(files).some((name) => name.includes('/')) ? MANIFEST_FORMAT.version : 1;
  const manifest = { format: MANIFEST_FORMAT.name, version, retort: packageVersion(), files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The files of a folder and of those in it, with `/` between. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inside = entry.isDirectory() ? await readdir(join(folder, entry.name)) : undefined;
    names.push(...(inside?.map((name) => `${entry.name}/${name}`) ?? [entry.name]));
  }
  return names.sort();
}

/**
 * Looks at all files that the manifest of a folder names.
 * @param onNotice Told of a folder without one, which is taken as it is.
 * @param isUnread Which files are not looked at, since nothing reads them: other versions of a model.
 * @throws CheckpointError naming the file that is another, missing, or beside them.
 */
export async function expectUnchanged(
  folder: string,
  onNotice?: (text: string) => void,
  isUnread: (name: string) => boolean = () => false,
): Promise<void> {
  const files = await readManifest(folder);
  if (files === undefined) {
    onNotice?.(withoutManifest(folder));
    return;
  }
  for (const [name, hash] of Object.entries(files)) {
    if (isUnread(name)) continue;
    const path = join(folder, name);
    if (!(await isThere(path))) throw changedFile(path, name, 'no such file');
    if ((await hashOf(folder, name)) !== hash) throw changedFile(path, name, 'another one (its SHA-256 differs)');
  }
  for (const name of MANIFEST_TEXTS) {
    if (Object.hasOwn(files, name) || !(await isThere(join(folder, name)))) continue;
    throw changedFile(join(folder, name), name, 'a file that came later', 'no such file');
  }
}

async function readManifest(folder: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw inputFailure(error, path);
  }
  return manifestHashes(text, path);
}

async function hashOf(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const hash = createHash('sha256');
  try {
    if (MANIFEST_TEXTS.includes(name)) hash.update((await readFile(path, 'latin1')).replaceAll('\r\n', '\n'), 'latin1');
    else {
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
      }
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
  return hash.digest('hex');
}
