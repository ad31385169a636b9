/**
 * @file `metadata_props` of an ONNX file, without its weights: the fields of a `ModelProto` are walked by their lengths.
 * A protobuf library would read the whole file into memory, and takes longer to load than a prediction lasts.
 */
import { open } from 'node:fs/promises';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';

/** Fields of `ModelProto` and of `StringStringEntryProto` in onnx.proto. */
const MODEL = { graph: 7, metadata: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** Many times what a million labels need. */
const MAX_ENTRY_BYTES = 2 ** 26;

type Source = { readonly size: number; read(start: number, length: number): Promise<Uint8Array> };

/**
 * The metadata of an ONNX model, a file or its bytes.
 * @throws FileError for a file that is missing, torn, or no ONNX model.
 */
export async function readOnnxMetadata(model: string | Uint8Array): Promise<ReadonlyMap<string, string>> {
  if (typeof model !== 'string') {
    const read = async (start: number, length: number) => model.subarray(start, start + length);
    return new Walker({ size: model.length, read }, 'the ONNX model').metadata();
  }
  try {
    const handle = await open(model, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        const got = stat.isDirectory() ? 'a folder' : 'a device or pipe';
        throw new FileError({ where: model, wanted: 'an ONNX file', got });
      }
      const read = async (start: number, length: number) => {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, start);
        return buffer.subarray(0, bytesRead);
      };
      return await new Walker({ size: stat.size, read }, model).metadata();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputFailure(error, model);
  }
}

class Walker {
  readonly #source: Source;
  readonly #where: string;
  #at = 0;

  constructor(source: Source, where: string) {
    this.#source = source;
    this.#where = where;
  }

  async metadata(): Promise<ReadonlyMap<string, string>> {
    const metadata = new Map<string, string>();
    let hasGraph = false;
    while (this.#at < this.#source.size) {
      const [field, length] = await this.#next();
      if (field === MODEL.metadata) {
        const [key, value] = entryOf(await this.#bytes(length), () => this.#torn());
        metadata.set(key, value);
      }
      if (field === MODEL.graph) hasGraph = true;
      this.#at += length;
    }
    if (hasGraph) return metadata;
    throw this.#failure(`${this.#source.size} bytes without a graph`);
  }

  /** The number of the next field, and how long it is from here. */
  async #next(): Promise<[field: number, length: number]> {
    // A tag has at most 5 bytes, a length 10.
    const head = await this.#source.read(this.#at, Math.min(15, this.#source.size - this.#at));
    const reader = new Varints(head, () => this.#torn());
    const [field, wire] = tagOf(reader.next());
    if (wire === 0) reader.next();
    const length = wire === 2 ? reader.next() : wire === 1 ? 8 : wire === 5 ? 4 : wire === 0 ? 0 : undefined;
    if (length === undefined || field === 0) throw this.#torn();
    this.#at += reader.at;
    if (this.#at + length > this.#source.size) throw this.#torn();
    return [field, length];
  }

  async #bytes(length: number): Promise<Uint8Array> {
    if (length > MAX_ENTRY_BYTES) throw this.#failure(`metadata of ${length} bytes`);
    const bytes = await this.#source.read(this.#at, length);
    if (bytes.length < length) throw this.#torn();
    return bytes;
  }

  #torn(): FileError {
    return this.#failure('bytes that end too early or are of another format');
  }

  #failure(got: string): FileError {
    return new FileError({
      where: this.#where,
      wanted: 'a whole ONNX model',
      got,
      fix: 'export or copy it again',
    });
  }
}

function entryOf(bytes: Uint8Array, torn: () => FileError): [key: string, value: string] {
  const reader = new Varints(bytes, torn);
  const texts = new Map<number, string>();
  while (reader.at < bytes.length) {
    const [field, wire] = tagOf(reader.next());
    const length = wire === 2 ? reader.next() : undefined;
    if (length === undefined || reader.at + length > bytes.length) throw torn();
    texts.set(field, new TextDecoder().decode(bytes.subarray(reader.at, reader.at + length)));
    reader.at += length;
  }
  return [texts.get(ENTRY.key) ?? '', texts.get(ENTRY.value) ?? ''];
}

function tagOf(tag: number): [field: number, wire: number] {
  return [Math.floor(tag / 8), tag % 8];
}

/** Protobuf's integers of seven bits a byte. */
class Varints {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #torn: () => FileError;

  constructor(bytes: Uint8Array, torn: () => FileError) {
    this.#bytes = bytes;
    this.#torn = torn;
  }

  next(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw this.#torn();
      // Not by shifts, which end at 32 bits. Lengths stay far below 2⁵³; what is larger cannot fit into the file.
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw this.#torn();
  }
}
