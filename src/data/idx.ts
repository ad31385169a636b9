/**
 * @file IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist, "The IDX file format"): two zero bytes, a type
 * code, the number of dimensions, each dimension as a big-endian 32-bit number, the elements. Only unsigned bytes
 * (type 8) are read. Files may be gzipped under any name; their first bytes tell.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { formatShape } from '../tensor/shape.js';

export type Idx = {
  /** The whole file's shape, from its header; the first number counts the items. */
  readonly shape: readonly number[];
  /** The first items, as many as were asked for. */
  readonly data: Uint8Array;
};

const UNSIGNED_BYTE = 8;
/** Deflate cannot shrink anything further. */
const MAX_GZIP_RATIO = 1032;
/** What is inflated in one piece: twenty times MNIST. */
const MAX_INFLATED_BYTES = 2 ** 30;

/**
 * Reads the first `maxItems` items of an IDX file of `rank` dimensions. The size of the whole file is checked
 * against its header even so; a gzipped one is inflated to its end, which checks its checksum too.
 * @throws FileError for a file that is missing, torn, of another kind, or of another size than its header says.
 */
export async function readIdx(path: string, rank: number, maxItems = Number.POSITIVE_INFINITY): Promise<Idx> {
  try {
    const handle = await open(path, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        throw new FileError({
          where: path,
          wanted: 'a regular file',
          got: stat.isDirectory() ? 'a folder' : 'a device or pipe',
          fix: 'check the path',
        });
      }
      const start = await readBytes(handle, headerBytes(rank), 0);
      if (start[0] === 0x1f && start[1] === 0x8b) return await readGzipped(path, stat.size, rank, maxItems);
      const shape = parseHeader(start, path, rank);
      if (stat.size !== fullBytes(shape)) throw sizeError(path, shape, String(stat.size));
      const data = await readBytes(handle, prefixBytes(shape, maxItems), start.length);
      return { shape, data };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/**
 * The same for a file that has been read already, such as standard input.
 * @param name what messages call it
 */
export function decodeIdx(bytes: Uint8Array, name: string, rank: number): Idx {
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipWhole(bytes, name) : bytes;
  const shape = parseHeader(content.subarray(0, headerBytes(rank)), name, rank);
  if (content.length !== fullBytes(shape)) throw sizeError(name, shape, String(content.length));
  return { shape, data: content.subarray(headerBytes(rank)) };
}

function gunzipWhole(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw tornGzip(error, name);
  }
}

async function readGzipped(path: string, fileBytes: number, rank: number, maxItems: number): Promise<Idx> {
  const header = new Uint8Array(headerBytes(rank));
  let shape: number[] | undefined;
  let data = new Uint8Array(0);
  let size = 0;
  for await (const chunk of inflate(path)) {
    copyOverlap(chunk, size, header, 0);
    if (shape === undefined && size + chunk.length >= header.length) {
      shape = parseHeader(header, path, rank);
      // Before memory is set aside for what the header promises.
      const most = fileBytes * MAX_GZIP_RATIO;
      if (elements(shape) > most) throw sizeError(path, shape, `at most ${most}, being ${fileBytes} gzipped`);
      data = new Uint8Array(prefixBytes(shape, maxItems));
    }
    copyOverlap(chunk, size, data, header.length);
    size += chunk.length;
    if (shape !== undefined && size > fullBytes(shape)) throw sizeError(path, shape, `${size} or more`);
  }
  shape ??= parseHeader(header.subarray(0, size), path, rank);
  if (size !== fullBytes(shape)) throw sizeError(path, shape, String(size));
  return { shape, data };
}

/** Copies what two pieces of one stream have in common; the starts are their places in it. */
function copyOverlap(from: Uint8Array, fromStart: number, to: Uint8Array, toStart: number): void {
  const begin = Math.max(fromStart, toStart);
  const end = Math.min(fromStart + from.length, toStart + to.length);
  if (begin < end) to.set(from.subarray(begin - fromStart, end - fromStart), begin - toStart);
}

async function* inflate(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw tornGzip(error, path);
  } finally {
    file.destroy();
  }
}

function tornGzip(error: Error, path: string): FileError {
  return new FileError({
    where: path,
    wanted: 'a whole gzip file',
    got: `one that is truncated or damaged (${error.message})`,
    fix: 'download it again',
    cause: error,
  });
}

function parseHeader(bytes: Uint8Array, path: string, rank: number): number[] {
  const dimensions = `${rank} dimension${rank === 1 ? '' : 's'}`;
  const magic = bytes.subarray(0, 4);
  const wanted = Uint8Array.of(0, 0, UNSIGNED_BYTE, rank);
  if (magic.length > 0 && !magic.every((byte, i) => byte === wanted[i])) {
    throw new FileError({
      where: path,
      wanted: `an IDX file of unsigned bytes with ${dimensions} (first bytes ${hex(wanted)})`,
      got: `first bytes ${hex(magic)}`,
      fix: 'check that the file is what its name says, and download it again if not',
    });
  }
  if (bytes.length < headerBytes(rank)) {
    throw new FileError({
      where: path,
      wanted: `an IDX header of ${headerBytes(rank)} bytes`,
      got: `a file of ${bytes.length} bytes`,
      fix: 'download it again',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
}

function sizeError(path: string, shape: readonly number[], got: string): FileError {
  return new FileError({
    where: path,
    wanted: `${fullBytes(shape)} bytes for the shape ${formatShape(shape)} in its header`,
    got,
    fix: 'the file is truncated or its header is wrong: download it again',
  });
}

function headerBytes(rank: number): number {
  return 4 + 4 * rank;
}

function fullBytes(shape: readonly number[]): number {
  return headerBytes(shape.length) + elements(shape);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

function prefixBytes(shape: readonly number[], maxItems: number): number {
  const [items = 0, ...item] = shape;
  return Math.min(items, maxItems) * elements(item);
}

/** As many bytes as there are, up to `length`. */
async function readBytes(handle: FileHandle, length: number, position: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
  }
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
