/** @file Rows of Parquet files, one row group in memory at a time, and of that only the columns that are asked for. */
import { type FileHandle, open } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { FileError } from '../../errors/failures.js';
import { inputFailure } from '../../files/file-failure.js';
import {
  type BadRow,
  cellsOf,
  cellText,
  columnPlaces,
  type FileFormat,
  type ObjectRow,
  type RowRequest,
  type TableHeader,
  type TableRow,
} from './table-rows.js';
import { expectRegularFile } from './text-lines.js';

/** What one page may unpack to, and one row group as a whole. */
const MAX_PAGE_BYTES = 2 ** 28;
const MAX_GROUP_BYTES = 2 ** 31;

export const parquet = {
  extensions: ['.parquet'],
  rows: parquetRows,
  cells: parquetCells,
  objects: parquetObjects,
} as const satisfies FileFormat;

/** The rows of a Parquet file in the columns that are asked for. @throws FileError as `parquetObjects` does. */
async function* parquetRows(path: string, { columns }: RowRequest): AsyncGenerator<TableRow | BadRow, void> {
  let roles: Parameters<typeof cellsOf>[1] = [];
  const wanted = (header: TableHeader): string[] => {
    const { names } = header;
    roles = columnPlaces(columns(header), names, path).map(({ role, at }) => ({ role, name: names[at] as string }));
    return [...new Set(roles.map(({ name }) => name))];
  };
  for await (const { where, object } of parquetObjects(path, wanted)) yield cellsOf(object, roles, where);
}

async function* parquetCells(path: string): AsyncGenerator<readonly string[], void> {
  let names: readonly string[] = [];
  let isFirst = true;
  for await (const { object } of parquetObjects(path, (header) => (names = header.names))) {
    if (isFirst) yield names;
    isFirst = false;
    yield names.map((name) => cellText(object[name]));
  }
}

/**
 * The rows of a Parquet file as objects: lists are arrays, maps and structs objects. Uncompressed, or with snappy, gzip,
 * brotli, or (where Node has it, from 22.15 on) zstd.
 * @param columns The names of those to read, from what the file says of itself.
 * @throws FileError for a file that is missing, torn, no Parquet, compressed otherwise, or lacks a column.
 */
async function* parquetObjects(
  path: string,
  columns: (header: TableHeader) => readonly string[],
): AsyncGenerator<ObjectRow, void> {
  try {
    await expectRegularFile(path);
    const handle = await open(path, 'r');
    try {
      yield* objectsOf(path, await bufferOf(handle), columns);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
}

async function* objectsOf(
  path: string,
  file: AsyncBuffer,
  columns: (header: TableHeader) => readonly string[],
): AsyncGenerator<ObjectRow, void> {
  // Most runs read no Parquet: they need not load what reads it.
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const { classLabelNames } = await import('./hugging-face-features.schema.js');
  const metadata = await readable(path, () => parquetMetadataAsync(file));
  const names = await readable(path, () => parquetSchema(metadata).children.map((child) => child.element.name ?? ''));
  const json = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const classNames = (column: string) => (json === undefined ? undefined : classLabelNames(json, column));
  const wanted = [...columns({ names, classNames })];
  expectSizes(path, metadata, file.byteLength);
  let start = 0;
  for (const group of metadata.row_groups) {
    const rowStart = start;
    const rowEnd = start + Number(group.num_rows);
    const rows: Readonly<Record<string, unknown>>[] = await readable(path, () =>
      parquetReadObjects({
        file,
        metadata,
        columns: wanted,
        rowStart,
        rowEnd,
        compressors: COMPRESSORS,
        parsers: PARSERS,
      }),
    );
    if (rows.length !== rowEnd - rowStart) throw tornFile(path, `${rows.length} of ${rowEnd - rowStart} rows`);
    for (const [i, object] of rows.entries()) yield { where: `${path}, row ${rowStart + i + 1}`, object };
    start = rowEnd;
  }
}

/** The reader trusts the sizes that a file gives; these keep a damaged one from asking for the memory of the machine. */
function expectSizes(path: string, metadata: FileMetaData, bytes: number): void {
  let rows = 0;
  for (const group of metadata.row_groups) {
    rows += Number(group.num_rows);
    for (const { meta_data: column } of group.columns) {
      const size = Number(column?.total_uncompressed_size ?? 0);
      const packed = Number(column?.total_compressed_size ?? 0);
      if (size > MAX_GROUP_BYTES) {
        const fix = 'write it with smaller row groups';
        throw new FileError({
          where: path,
          wanted: `row groups of at most ${MAX_GROUP_BYTES} bytes`,
          got: `${size}`,
          fix,
        });
      }
      if (!(size >= 0 && packed >= 0 && packed <= bytes))
        throw tornFile(path, `a column of ${packed} bytes in ${bytes}`);
    }
  }
  if (rows !== Number(metadata.num_rows) || metadata.row_groups.some((group) => Number(group.num_rows) < 0)) {
    throw tornFile(path, `${rows} rows where it says ${metadata.num_rows}`);
  }
}

/** hyparquet throws plain errors; whatever it stumbles over is the file's fault. */
async function readable<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof FileError) throw error;
    throw tornFile(path, error.message, error);
  }
}

function tornFile(path: string, what: string, cause?: Error): FileError {
  const fix = 'download or write it again (as Parquet with snappy compression)';
  return new FileError({
    where: path,
    wanted: 'a whole Parquet file',
    got: `one that cannot be read: ${what}`,
    fix,
    cause,
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PARSERS = {
  stringFromBytes: (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : UTF8.decode(bytes)),
};
const LIMIT = { maxOutputLength: MAX_PAGE_BYTES };
const COMPRESSORS: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input, LIMIT),
  BROTLI: (input) => zlib.brotliDecompressSync(input, LIMIT),
  ...zstd(),
};

function zstd(): Compressors {
  // Not in the types of Node 20, the oldest that this package runs on.
  const found: unknown = 'zstdDecompressSync' in zlib ? zlib.zstdDecompressSync : undefined;
  if (typeof found !== 'function') return {};
  return {
    ZSTD: (input) => {
      const output: unknown = found(input, LIMIT);
      if (!(output instanceof Uint8Array)) throw new Error('zstd gave no bytes');
      return output;
    },
  };
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.buffer;
    },
  };
}
