/** @file Many short texts in a few buffers. */
import { computedColumn } from './computed-column.js';

/** A block is as large as those before it together, between these. */
const BLOCK_BYTES = { least: 2 ** 12, most: 2 ** 20 };

/** The texts of these rows, as `PackedTexts` holds them. */
export function packedRows(column: readonly string[], rows: Uint32Array): readonly string[] {
  // Browsers have none: there they are strings.
  if (typeof Buffer === 'undefined') return Array.from(rows, (row) => column[row] as string);
  const packed = new PackedTexts();
  for (const row of rows) packed.add(column[row] as string);
  return packed.column();
}

/** Texts behind each other in UTF-8, and where each begins. */
type Block = { readonly firstRow: number; readonly bytes: Buffer; readonly starts: Uint32Array };

const openBlock = (size: number) => ({ bytes: Buffer.allocUnsafeSlow(size), used: 0, starts: [] as number[] });

/**
 * Texts as bytes: of 60 letters each takes 64, where an array of strings takes 90 and as much again while it grows, and
 * the garbage collector has nothing to walk.
 */
export class PackedTexts {
  readonly #blocks: Block[] = [];
  #open = openBlock(0);
  #size = 0;
  /** Texts with half of a surrogate pair, for which UTF-8 has no form. */
  readonly #unpaired = new Map<number, string>();

  get size(): number {
    return this.#size;
  }

  /** Bytes held for the texts and their places, after `column`. */
  get byteLength(): number {
    return this.#blocks.reduce((sum, { bytes, starts }) => sum + bytes.byteLength + starts.byteLength, 0);
  }

  add(text: string): void {
    if (!text.isWellFormed()) this.#unpaired.set(this.#size, text);
    const bytes = Buffer.byteLength(text);
    if (this.#open.used + bytes > this.#open.bytes.length) {
      this.#close();
      const usual = Math.min(Math.max(this.byteLength, BLOCK_BYTES.least), BLOCK_BYTES.most);
      this.#open = openBlock(Math.max(usual, bytes));
    }
    this.#open.starts.push(this.#open.used);
    this.#open.used += this.#open.bytes.write(text, this.#open.used);
    this.#size += 1;
  }

  /** All of them, as an array that makes each string when it is read. Nothing is added afterwards. */
  column(): readonly string[] {
    this.#close();
    return computedColumn(this.#size, (row) => this.at(row));
  }

  #close(): void {
    const { bytes, used, starts } = this.#open;
    if (starts.length > 0) {
      this.#blocks.push({
        firstRow: this.#size - starts.length,
        // A block that is nearly full is kept as it is.
        bytes: used > 0.9 * bytes.length ? bytes.subarray(0, used) : copyOf(bytes.subarray(0, used)),
        starts: Uint32Array.from(starts),
      });
    }
    this.#open = openBlock(0);
  }

  /** The text of a row, from 0. */
  at(row: number): string {
    const unpaired = this.#unpaired.get(row);
    if (unpaired !== undefined) return unpaired;
    const openRow = row - (this.#size - this.#open.starts.length);
    if (openRow >= 0) {
      const { bytes, used, starts } = this.#open;
      return bytes.toString('utf8', starts[openRow], starts[openRow + 1] ?? used);
    }
    const { firstRow, bytes, starts } = this.#blockOf(row);
    const place = row - firstRow;
    return bytes.toString('utf8', starts[place], starts[place + 1] ?? bytes.length);
  }

  #blockOf(row: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#blocks[middle] as Block).firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low] as Block;
  }
}

/** In memory of its own: small buffers come out of a pool otherwise, which each of them holds. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
