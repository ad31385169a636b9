/** @file What `manifest.json` says: the SHA-256 of every file of a folder that is written as a whole. */
import { CheckpointError } from '../errors/failures.js';
import { objectOf, parsedJson } from '../options/json.js';

export const MANIFEST = 'manifest.json';
/** 2 names files in subfolders, which older versions do not look for; folders without any still say 1. */
export const MANIFEST_FORMAT = { name: 'retort-manifest', version: 2 } as const;

/**
 * What retort reads out of such a folder as text: counted without the carriage returns that git on Windows puts there,
 * and never read where a manifest does not name it. Whatever else the folder holds is let be, as a README from elsewhere.
 */
export const MANIFEST_TEXTS: readonly string[] = [
  'config.json',
  'trainer.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'ngrams.json',
  'vocab.txt',
];
/** Where the names of the classes are. */
const CONFIG = 'config.json';
/** A file of the folder, or of a folder in it. */
const NAME = /^(?:(?!\.{1,2}\/)[^/\\]+\/)?[^/\\]+$/;

/**
 * The hashes in a manifest by the file's name; undefined for a file of the name that somebody else wrote.
 * @throws CheckpointError for one that is damaged, or newer than this version.
 */
export function manifestHashes(text: string, path: string): Readonly<Record<string, unknown>> | undefined {
  const { format, version, files } = objectOf(parsedJson(text));
  // Others have files of this name too.
  if (format !== MANIFEST_FORMAT.name && !text.includes(MANIFEST_FORMAT.name)) return undefined;
  if (typeof version === 'number' && version > MANIFEST_FORMAT.version) {
    const wanted = `format version ${MANIFEST_FORMAT.version} or older`;
    throw new CheckpointError({ where: path, wanted, got: `version ${version}`, fix: 'use a newer retort' });
  }
  const names = Object.keys(objectOf(files));
  if (format === MANIFEST_FORMAT.name && names.length > 0 && names.every((name) => NAME.test(name))) {
    return objectOf(files);
  }
  throw new CheckpointError({
    where: path,
    wanted: 'a file written by retort',
    got: 'something else',
    fix: 'copy the whole folder again',
  });
}

export function withoutManifest(where: string): string {
  return `${where} has no ${MANIFEST} (from retort 0.1 or another tool), so changes to it are not detected`;
}

export function changedFile(
  where: string,
  name: string,
  got: string,
  wanted = 'the file that was written',
): CheckpointError {
  const labels =
    name === CONFIG
      ? '; to rename its labels undo the change, then: retort export MODEL --label_names NAME,NAME,… --output_dir DIR'
      : '';
  const fix = `copy the whole folder again, or delete ${MANIFEST} if another tool has rewritten it${labels}`;
  return new CheckpointError({ where, wanted: `${wanted}, as in ${MANIFEST}`, got, fix });
}
