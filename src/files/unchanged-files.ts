/** @file Files that are held against their manifest as they are read: for such as are not in a folder of this machine. */
import { changedFile, MANIFEST, MANIFEST_TEXTS, manifestHashes, withoutManifest } from './manifest-format.js';
import type { NamedFiles } from './named-files.js';
import { decodedText } from './stored-text.js';
import { webDigest } from './web-digest.js';

const MAX_MANIFEST_BYTES = 2 ** 20;

/**
 * The same files; to read one that is not as its manifest says throws CheckpointError.
 * @param onNotice Told where changes are not detected: without a manifest, or in a page that is not secure.
 */
export async function unchangedFiles(files: NamedFiles, onNotice: (text: string) => void): Promise<NamedFiles> {
  const manifest = await files.read(MANIFEST, MAX_MANIFEST_BYTES);
  const path = files.place(MANIFEST);
  const hashes = manifest && manifestHashes(decodedText(manifest, path), path);
  if (hashes === undefined) {
    onNotice(withoutManifest(files.where));
    return files;
  }
  if ((await webDigest(new Uint8Array())) === undefined) {
    onNotice('this page is not secure (https) and has no SHA-256, so changed files are not detected');
    return files;
  }
  const expectSame = async (name: string, bytes: Uint8Array | undefined): Promise<void> => {
    const wanted = Object.hasOwn(hashes, name) ? hashes[name] : undefined;
    const place = files.place(name);
    if (wanted === undefined) {
      if (bytes === undefined || !MANIFEST_TEXTS.includes(name)) return;
      throw changedFile(place, name, 'a file that came later', 'no such file');
    }
    if (bytes === undefined) throw changedFile(place, name, 'no such file');
    const digest = await webDigest(MANIFEST_TEXTS.includes(name) ? withUnixLineEnds(bytes) : bytes);
    if (digest !== wanted) throw changedFile(place, name, 'another one (its SHA-256 differs)');
  };
  return {
    ...files,
    read: async (name, maxBytes) => {
      const bytes = await files.read(name, maxBytes);
      await expectSame(name, bytes);
      return bytes;
    },
  };
}

/** Without the carriage returns that git on Windows puts before line feeds. */
function withUnixLineEnds(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(13)) return bytes;
  return bytes.filter((byte, i) => byte !== 13 || bytes[i + 1] !== 10);
}
