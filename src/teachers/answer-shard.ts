/**
 * @file Some rows' answers as a file:
 *
 *   'RETORTA1' | rows, floats of a row (uint32 each) | key of the teacher [32] | keys [rows, 16] | float32 [rows, floats] |
 *   SHA-256 of all that [32]
 *
 * all little-endian, as every platform is that ONNX Runtime has.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { KEY_WORDS } from './row-keys.js';

const MAGIC = 'RETORTA1';
const KEY_BYTES = 4 * KEY_WORDS;
const HEADER_BYTES = MAGIC.length + 8 + 32;
const CHECKSUM_BYTES = 32;

export type Shard = {
  readonly rows: number;
  /** [rows, KEY_WORDS] */
  readonly keys: Uint32Array;
  /** [rows, floats] */
  readonly values: Float32Array;
};

/** @param teacherKey 64 hexadecimal digits. */
export function encodeShard({ rows, keys, values }: Shard, teacherKey: string): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES + keys.byteLength + values.byteLength + CHECKSUM_BYTES);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(rows, MAGIC.length);
  bytes.writeUInt32LE(values.length / rows, MAGIC.length + 4);
  bytes.write(teacherKey, MAGIC.length + 8, 'hex');
  bytes.set(bytesOf(keys), HEADER_BYTES);
  bytes.set(bytesOf(values), HEADER_BYTES + keys.byteLength);
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.set(createHash('sha256').update(bytes.subarray(0, end)).digest(), end);
  return bytes;
}

/** The contents of a shard; undefined for bytes that are damaged, of another teacher or another format. */
export function decodeShard(bytes: Buffer, teacherKey: string, floats: number): Shard | undefined {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const rows = bytes.readUInt32LE(MAGIC.length);
  if (bytes.readUInt32LE(MAGIC.length + 4) !== floats || bytes.length !== shardBytes(rows, floats)) return undefined;
  if (bytes.toString('hex', MAGIC.length + 8, HEADER_BYTES) !== teacherKey) return undefined;
  if (!createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) return undefined;
  // Copies, since a Buffer from a pool may start anywhere.
  const keys = new Uint32Array(rows * KEY_WORDS);
  bytesOf(keys).set(bytes.subarray(HEADER_BYTES, HEADER_BYTES + keys.byteLength));
  const values = new Float32Array(rows * floats);
  bytesOf(values).set(bytes.subarray(HEADER_BYTES + keys.byteLength, end));
  return { rows, keys, values };
}

export function shardBytes(rows: number, floats: number): number {
  return HEADER_BYTES + rows * (KEY_BYTES + 4 * floats) + CHECKSUM_BYTES;
}

/** Reads the values of some rows of a shard that has been checked, each into its place of `into`, [.., floats]. */
export function readRows(
  path: string,
  rows: number,
  floats: number,
  wanted: readonly { readonly at: number; readonly place: number }[],
  into: Float32Array,
): void {
  const fd = openSync(path, 'r');
  try {
    for (const { at, place } of wanted) {
      const start = HEADER_BYTES + rows * KEY_BYTES + 4 * at * floats;
      readSync(fd, bytesOf(into.subarray(place * floats, (place + 1) * floats)), 0, 4 * floats, start);
    }
  } finally {
    closeSync(fd);
  }
}

function bytesOf(values: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
