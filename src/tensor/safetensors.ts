/**
 * @file The safetensors format: 8 bytes of header length (little-endian), a JSON header padded with spaces to
 * 8 bytes, the elements. Byte for byte what Hugging Face's implementation writes (huggingface/safetensors,
 * `safetensors/src/tensor.rs`, `prepare`); reading is as strict as its `validate`, and stricter on repeated names.
 * Elements are little-endian in the file and taken as they lie, as every platform ONNX Runtime runs on is.
 */

import { CheckpointError } from '../errors/failures.js';
import { isJsonObject } from '../options/json.js';
import { ARRAY_TYPES, bytesPerElement, type Dtype } from './dtype.js';
import { fromFloat16 } from './float16.js';
import { formatShape, type StaticShape } from './shape.js';
import type { Tensor } from './tensor.js';

export type Safetensors = {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
};

/** The place of one tensor in the element bytes. */
export type SafetensorsEntry = {
  readonly name: string;
  readonly stored: StoredDtype;
  readonly shape: StaticShape;
  readonly begin: number;
  readonly end: number;
};

export type SafetensorsHeader = {
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: ReadonlyMap<string, string>;
};

type StoredDtype = keyof typeof STORED;

/** In the order in which the reference implementation sorts tensors of different types: widest first. */
const STORED = {
  I64: { dtype: 'int64', bytes: 8 },
  F64: { dtype: 'float64', bytes: 8 },
  F32: { dtype: 'float32', bytes: 4 },
  U32: { dtype: 'uint32', bytes: 4 },
  I32: { dtype: 'int32', bytes: 4 },
  BF16: { dtype: 'float32', bytes: 2 },
  F16: { dtype: 'float32', bytes: 2 },
  U8: { dtype: 'uint8', bytes: 1 },
  BOOL: { dtype: 'bool', bytes: 1 },
} as const satisfies Record<string, { dtype: Dtype; bytes: number }>;

const ORDER = Object.keys(STORED);

const STORED_AS: { readonly [D in Dtype]: StoredDtype } = {
  int64: 'I64',
  float64: 'F64',
  float32: 'F32',
  uint32: 'U32',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
};

const METADATA_KEY = '__metadata__';
const LENGTH_BYTES = 8;
/**
 * Room for 100,000 tensors. The reference implementation takes 100 MB, of which a hostile file could make
 * gigabytes of parsed JSON.
 */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

const utf8 = new TextEncoder();

export type TensorsByName = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;
export type Metadata = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/**
 * The file's bytes; equal input gives equal bytes, whatever the order of the tensors.
 * @throws CheckpointError for a tensor that cannot bear its name.
 */
export function encodeSafetensors(tensors: TensorsByName, metadata: Metadata = {}): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/**
 * The same bytes in parts: what stands before the tensors, and a view of each.
 * @throws CheckpointError for a tensor that cannot bear its name.
 */
export function safetensorsParts(tensors: TensorsByName, metadata: Metadata = {}): Uint8Array[] {
  const sorted = entriesOf(tensors)
    .map(([name, tensor]) => ({ name, key: utf8.encode(name), stored: STORED_AS[tensor.dtype], tensor }))
    .sort((a, b) => ORDER.indexOf(a.stored) - ORDER.indexOf(b.stored) || compareBytes(a.key, b.key));
  // Joined by hand: an object would move names that look like numbers to the front.
  const fields: string[] = [];
  const texts = entriesOf(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (texts.length > 0) {
    const pairs = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"${METADATA_KEY}":{${pairs.join(',')}}`);
  }
  let size = 0;
  for (const { name, stored, tensor } of sorted) {
    if (name === METADATA_KEY) {
      throw new CheckpointError({
        where: name,
        wanted: 'a tensor name other than that of the format itself',
        got: name,
        fix: 'rename the tensor',
      });
    }
    const end = size + tensor.data.byteLength;
    const shape = tensor.shape.join(',');
    fields.push(`${JSON.stringify(name)}:{"dtype":"${stored}","shape":[${shape}],"data_offsets":[${size},${end}]}`);
    size = end;
  }
  const header = utf8.encode(`{${fields.join(',')}}`);
  const start = LENGTH_BYTES + Math.ceil(header.length / LENGTH_BYTES) * LENGTH_BYTES;
  const front = new Uint8Array(start);
  new DataView(front.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  front.set(header, LENGTH_BYTES);
  front.fill(0x20, LENGTH_BYTES + header.length);
  return [
    front,
    ...sorted.map(({ tensor: { data } }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/**
 * Reads a whole file. Tensors are views of `bytes` where alignment permits, copies elsewhere; half-precision
 * types (F16, BF16) come out as float32.
 * @param where The file's name, for messages.
 * @throws CheckpointError, naming the tensor where it is one tensor's fault.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const headerBytes = headerLength(bytes, bytes.length, where);
  const start = LENGTH_BYTES + headerBytes;
  const header = parseSafetensorsHeader(bytes.subarray(LENGTH_BYTES, start), bytes.length - start, where);
  const tensors = new Map<string, Tensor>();
  for (const entry of header.entries) {
    tensors.set(entry.name, tensorAt(bytes.subarray(start + entry.begin, start + entry.end), entry, where));
  }
  return { tensors, metadata: header.metadata };
}

/**
 * The length of the JSON header, from the first 8 bytes of a file of `fileBytes` bytes.
 * @throws CheckpointError if the file cannot hold such a header.
 */
export function headerLength(firstBytes: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < LENGTH_BYTES || firstBytes.length < LENGTH_BYTES) {
    throw broken(where, `at least ${LENGTH_BYTES} bytes`, `${fileBytes}`);
  }
  const length = new DataView(firstBytes.buffer, firstBytes.byteOffset).getBigUint64(0, true);
  const most = Math.min(fileBytes - LENGTH_BYTES, MAX_HEADER_BYTES);
  if (length > BigInt(most)) throw broken(where, `a header of at most ${most} bytes`, `a header length of ${length}`);
  return Number(length);
}

/**
 * Reads and checks the JSON header of a file with `dataBytes` bytes of elements after it: every entry has a
 * known type and a size that fits its shape, and the entries cover the elements exactly, once.
 * @throws CheckpointError
 */
export function parseSafetensorsHeader(json: Uint8Array, dataBytes: number, where: string): SafetensorsHeader {
  const text = decodeUtf8(json, where);
  const root = parseObject(text, where);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw broken(where, 'each name once', `${JSON.stringify(repeated)} twice`);
  const entries: SafetensorsEntry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(root)) {
    if (name === METADATA_KEY) metadata = parseMetadata(value, where);
    else entries.push(parseEntry(name, value, where));
  }
  // Empty tensors share their begin with a neighbour.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const entry of entries) {
    const place = tensorPlace(where, entry.name);
    if (entry.begin !== covered) {
      throw broken(place, `elements that begin at byte ${covered}, where the last tensor ends`, `byte ${entry.begin}`);
    }
    if (entry.end > dataBytes) throw broken(place, `elements within ${dataBytes} bytes`, `an end at ${entry.end}`);
    covered = entry.end;
  }
  if (covered !== dataBytes) throw broken(where, `${covered} bytes of elements`, `${dataBytes}`);
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, where: string): SafetensorsEntry {
  const place = tensorPlace(where, name);
  if (!isJsonObject(value)) throw broken(place, 'an object with dtype, shape and data_offsets', brief(value));
  const { dtype: stored, shape, data_offsets: offsets } = value;
  if (!isStored(stored)) throw broken(place, `a dtype of ${ORDER.join(', ')}`, brief(stored));
  if (!isSizes(shape)) throw broken(place, 'a shape of integers', brief(shape));
  if (!isSizes(offsets) || offsets.length !== 2) throw broken(place, 'two data_offsets', brief(offsets));
  const [begin = 0, end = 0] = offsets;
  let bytes: number = STORED[stored].bytes;
  for (const dim of shape) bytes *= dim;
  if (!Number.isSafeInteger(bytes)) throw broken(place, 'a shape that fits into memory', brief(shape));
  if (end - begin !== bytes) {
    throw broken(place, `${bytes} bytes for ${stored} ${formatShape(shape)}`, `data_offsets ${begin} to ${end}`);
  }
  return { name, stored, shape, begin, end };
}

function parseMetadata(value: unknown, where: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (!isJsonObject(value)) throw broken(where, `${METADATA_KEY} as an object of texts`, brief(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw broken(where, `${METADATA_KEY} as an object of texts`, `${key}: ${brief(text)}`);
    metadata.set(key, text);
  }
  return metadata;
}

function tensorAt(bytes: Uint8Array, entry: SafetensorsEntry, where: string): Tensor {
  const { stored, shape, name } = entry;
  if (stored === 'F16' || stored === 'BF16') {
    const { buffer, byteOffset } = aligned(bytes, 2);
    const halves = new Uint16Array(buffer, byteOffset, bytes.length / 2);
    return { dtype: 'float32', shape, data: Float32Array.from(halves, stored === 'F16' ? fromFloat16 : fromBfloat16) };
  }
  const { dtype } = STORED[stored];
  if (dtype === 'bool') {
    const odd = bytes.find((byte) => byte > 1);
    if (odd !== undefined) throw broken(tensorPlace(where, name), 'booleans of 0 and 1', String(odd));
  }
  const width = bytesPerElement(dtype);
  const { buffer, byteOffset } = aligned(bytes, width);
  return { dtype, shape, data: new ARRAY_TYPES[dtype](buffer, byteOffset, bytes.length / width) };
}

/** The bytes themselves, or a copy of them if an array of that width cannot start where they do. */
function aligned(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  const canStart = buffer instanceof ArrayBuffer && byteOffset % width === 0;
  return canStart ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(bytes);
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

/** The upper half of a binary32. */
function fromBfloat16(bits: number): number {
  word[0] = bits << 16;
  return wordAsFloat[0] as number;
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw broken(where, 'a header in UTF-8', 'bytes that are not valid UTF-8', error);
  }
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw broken(where, 'a JSON header', 'invalid JSON', error);
  }
  if (!isJsonObject(root)) throw broken(where, 'a JSON header that is an object', brief(root));
  return root;
}

/**
 * A name that occurs twice in the root object or in one right below it; JSON.parse would keep the last silently.
 * @param text Valid JSON.
 */
function repeatedKey(text: string): string | undefined {
  const seen: Set<string>[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{' || char === '[') {
      if (depth < 2) seen[depth] = new Set();
      depth += 1;
    } else if (char === '}' || char === ']') {
      depth -= 1;
    } else if (char === '"') {
      const start = i;
      for (i += 1; text[i] !== '"'; i += 1) if (text[i] === '\\') i += 1;
      const names = seen[depth - 1];
      if (depth <= 2 && names !== undefined && isFollowedByColon(text, i + 1)) {
        const name: string = JSON.parse(text.slice(start, i + 1));
        if (names.has(name)) return name;
        names.add(name);
      }
    }
  }
  return undefined;
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i += 1;
  return text[i] === ':';
}

function isStored(value: unknown): value is StoredDtype {
  return typeof value === 'string' && Object.hasOwn(STORED, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function entriesOf<V>(values: Readonly<Record<string, V>> | ReadonlyMap<string, V>): [string, V][] {
  return values instanceof Map ? [...values] : Object.entries(values);
}

/** Rust's order of strings, by UTF-8 bytes; JavaScript's own `<` puts U+1F600 before U+FB01. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function tensorPlace(where: string, name: string): string {
  return `${where}: tensor ${brief(name)}`;
}

/** Short whatever a hostile file holds, and never recursive. */
function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => (typeof item === 'number' ? String(item) : typeof item));
    return `[${items.join(', ')}${value.length > 8 ? ', …' : ''}]`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function broken(where: string, wanted: string, got: string, cause?: unknown): CheckpointError {
  const fix = 'the file is damaged or not a safetensors file: copy or write it again';
  return new CheckpointError({ where, wanted, got, fix, cause });
}
