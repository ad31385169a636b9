/**
 * @file The fields of a protobuf message, walked by their lengths. A protobuf library would read the whole file into
 * memory, and takes longer to load than a prediction lasts.
 */
import { FileError } from '../errors/failures.js';

/** Where a field's content lies; of a number what it is, and an empty content. */
export type Field = { readonly number: number; readonly start: number; readonly end: number; readonly value: number };

export type OnnxSource = { readonly size: number; read(start: number, length: number): Promise<Uint8Array> };

/** Read ahead, since most fields have a few bytes. */
const WINDOW_BYTES = 2 ** 16;
/** Many times what a million labels need. */
const MAX_TEXT_BYTES = 2 ** 26;

/** The fields of an ONNX model that is in memory. */
export function fieldsOf(model: Uint8Array, where = 'the ONNX model'): FieldReader {
  const read = async (start: number, length: number) => model.subarray(start, start + length);
  return new FieldReader({ size: model.length, read }, where);
}

export class FieldReader {
  readonly #source: OnnxSource;
  readonly #where: string;
  #window: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array() };

  constructor(source: OnnxSource, where: string) {
    this.#source = source;
    this.#where = where;
  }

  get size(): number {
    return this.#source.size;
  }

  /** The fields of the message that lies from `start` to `end`. */
  async *in({ start, end }: Pick<Field, 'start' | 'end'>): AsyncGenerator<Field, void> {
    for (let at = start; at < end; ) {
      // A tag has at most 5 bytes, a number or length 10.
      const head = new Varints(await this.#read(at, Math.min(15, end - at)), () => this.torn());
      const tag = head.next();
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      const value = wire === 0 ? head.next() : 0;
      const length = wire === 2 ? head.next() : wire === 1 ? 8 : wire === 5 ? 4 : wire === 0 ? 0 : undefined;
      at += head.at;
      if (length === undefined || number === 0 || at + length > end) throw this.torn();
      yield { number, start: at, end: at + length, value };
      at += length;
    }
  }

  async text({ start, end }: Field): Promise<string> {
    if (end - start > MAX_TEXT_BYTES) throw this.failure(`a text of ${end - start} bytes`);
    return new TextDecoder().decode(await this.#read(start, end - start));
  }

  /** The first of a list of numbers, which lie in one field or in a field each. */
  async number({ start, end, value }: Field): Promise<number> {
    if (start === end) return value;
    return new Varints(await this.#read(start, Math.min(10, end - start)), () => this.torn()).next();
  }

  /** A `StringStringEntryProto`. */
  async entry(field: Field): Promise<[key: string, value: string]> {
    const texts = ['', '', ''];
    for await (const part of this.in(field)) texts[part.number] = await this.text(part);
    return [texts[1] ?? '', texts[2] ?? ''];
  }

  async #read(start: number, length: number): Promise<Uint8Array> {
    const offset = start - this.#window.start;
    if (offset >= 0 && offset + length <= this.#window.bytes.length) {
      return this.#window.bytes.subarray(offset, offset + length);
    }
    const most = Math.min(Math.max(length, WINDOW_BYTES), this.#source.size - start);
    this.#window = { start, bytes: await this.#source.read(start, most) };
    if (this.#window.bytes.length < length) throw this.torn();
    return this.#window.bytes.subarray(0, length);
  }

  torn(): FileError {
    return this.failure('bytes that end too early or are of another format');
  }

  failure(got: string): FileError {
    return new FileError({ where: this.#where, wanted: 'a whole ONNX model', got, fix: 'export or copy it again' });
  }
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
