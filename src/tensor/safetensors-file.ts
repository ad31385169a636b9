import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../errors/failures.js';
import {
  decodeSafetensors,
  headerLength,
  type Metadata,
  parseSafetensorsHeader,
  type Safetensors,
  safetensorsParts,
  type TensorsByName,
} from './safetensors.js';

/** One call takes at most 2 GiB. */
const IO_BYTES = 2 ** 30;

/**
 * Reads a safetensors file. Its header is checked against the size of the file before the rest is read.
 * @throws CheckpointError if the file is missing, unreadable, torn or not what it claims to be.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  try {
    const handle = await open(path, 'r');
    try {
      return await readFrom(handle, path);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof CheckpointError || !(error instanceof Error)) throw error;
    const missing = 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    throw new CheckpointError({
      where: path,
      wanted: 'a readable safetensors file',
      got: missing ? 'nothing of that name' : error.message,
      fix: 'check the path',
      cause: error,
    });
  }
}

/**
 * Writes a file of the bytes that `encodeSafetensors` gives, without a second copy of the tensors in memory.
 * @throws what the file system does; CheckpointError for a tensor that cannot bear its name.
 */
export async function writeSafetensors(path: string, tensors: TensorsByName, metadata: Metadata = {}): Promise<void> {
  const parts = safetensorsParts(tensors, metadata);
  const handle = await open(path, 'w');
  try {
    for (const part of parts) {
      for (let done = 0; done < part.length; ) {
        done += (await handle.write(part, done, Math.min(IO_BYTES, part.length - done))).bytesWritten;
      }
    }
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: FileHandle, path: string): Promise<Safetensors> {
  const stat = await handle.stat();
  if (!stat.isFile()) {
    const got = stat.isDirectory() ? 'a folder' : 'a device or pipe';
    throw new CheckpointError({ where: path, wanted: 'a regular file', got, fix: 'check the path' });
  }
  const lengthBytes = await readBytes(handle, path, 0, Math.min(8, stat.size));
  const start = 8 + headerLength(lengthBytes, stat.size, path);
  // Parsed twice, once before the elements are read; a header is small.
  parseSafetensorsHeader(await readBytes(handle, path, 8, start), stat.size - start, path);
  return decodeSafetensors(await readBytes(handle, path, 0, stat.size), path);
}

async function readBytes(handle: FileHandle, path: string, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(IO_BYTES, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, begin + done);
    if (bytesRead === 0) {
      throw new CheckpointError({
        where: path,
        wanted: `${end} bytes`,
        got: `${begin + done}: the file shrank while it was read`,
        fix: 'read it again when nothing writes to it',
      });
    }
    done += bytesRead;
  }
  return bytes;
}
