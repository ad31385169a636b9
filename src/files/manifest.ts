/**
 * @file The checksums of a folder that is written as a whole, in `manifest.json` beside its files: what was changed,
 * damaged or mixed up since is found before anything follows from it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../errors/failures.js';
import { objectOf, parsedJson } from '../options/json.js';
import { errorCode, inputFailure } from './file-failure.js';
import { packageVersion } from './package-version.js';
import { isThere } from './path-entry.js';

export const MANIFEST = 'manifest.json';
/** 2 names files in subfolders, which older versions do not look for; folders without any still say 1. */
const FORMAT = { name: 'retort-manifest', version: 2 } as const;

/**
 * What retort reads out of such a folder as text: counted without the carriage returns that git on Windows puts there,
 * and never read where a manifest does not name it. Whatever else the folder holds is let be, as a README from elsewhere.
 */
const TEXTS: readonly string[] = [
  'config.json',
  'trainer.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'ngrams.json',
  'vocab.txt',
];
const CHUNK_BYTES = 2 ** 20;
/** Where the names of the classes are. */
const CONFIG = 'config.json';
/** For people, who may rewrite it. */
const CARD = 'README.md';
/** A file of the folder, or of a folder in it. */
const NAME = /^(?:(?!\.{1,2}\/)[^/\\]+\/)?[^/\\]+$/;

/**
 * Writes the manifest of a folder whose files are all there.
 * @param hashedInside Files whose content has its hash in one of the others already: large ones are hashed once.
 */
export async function writeManifest(folder: string, hashedInside: readonly string[] = []): Promise<void> {
  const files: Record<string, string> = {};
  for (const name of await namesIn(folder)) {
    if (!hashedInside.includes(name) && name !== CARD) files[name] = await hashOf(folder, name);
  }
  const version = Object.keys(files).some((name) => name.includes('/')) ? FORMAT.version : 1;
  const manifest = { format: FORMAT.name, version, retort: packageVersion(), files };
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
    onNotice?.(`${folder} has no ${MANIFEST} (from retort 0.1 or another tool), so changes to it are not detected`);
    return;
  }
  for (const [name, hash] of Object.entries(files)) {
    if (isUnread(name)) continue;
    const path = join(folder, name);
    if (!(await isThere(path))) throw changed(path, name, 'no such file');
    if ((await hashOf(folder, name)) !== hash) throw changed(path, name, 'another one (its SHA-256 differs)');
  }
  for (const name of TEXTS) {
    if (Object.hasOwn(files, name) || !(await isThere(join(folder, name)))) continue;
    throw changed(join(folder, name), name, 'a file that came later', 'no such file');
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
  const { format, version, files } = objectOf(parsedJson(text));
  // Others have files of this name too.
  if (format !== FORMAT.name && !text.includes(FORMAT.name)) return undefined;
  if (typeof version === 'number' && version > FORMAT.version) {
    const wanted = `format version ${FORMAT.version} or older`;
    throw new CheckpointError({ where: path, wanted, got: `version ${version}`, fix: 'use a newer retort' });
  }
  const names = Object.keys(objectOf(files));
  if (format === FORMAT.name && names.length > 0 && names.every((name) => NAME.test(name))) return objectOf(files);
  throw new CheckpointError({
    where: path,
    wanted: 'a file written by retort',
    got: 'something else',
    fix: 'copy the whole folder again',
  });
}

async function hashOf(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const hash = createHash('sha256');
  try {
    if (TEXTS.includes(name)) hash.update((await readFile(path, 'latin1')).replaceAll('\r\n', '\n'), 'latin1');
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

function changed(where: string, name: string, got: string, wanted = 'the file that was written'): CheckpointError {
  const labels =
    name === CONFIG
      ? '; to rename its labels undo the change, then: retort export MODEL --label_names NAME,NAME,… --output_dir DIR'
      : '';
  const fix = `copy the whole folder again, or delete ${MANIFEST} if another tool has rewritten it${labels}`;
  return new CheckpointError({ where, wanted: `${wanted}, as in ${MANIFEST}`, got, fix });
}
