/** @file All formats of files of texts, by the name that `format` takes. */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { FileError } from '../../errors/failures.js';
import { csv, tsv } from './delimited.js';
import { json } from './json-array.js';
import { jsonl } from './json-lines.js';
import { parquet } from './parquet.js';
import { txt } from './plain-text.js';
import type { FileFormat } from './table-rows.js';

export const FORMATS = { csv, tsv, jsonl, json, txt, parquet } as const satisfies Readonly<Record<string, FileFormat>>;
export type TextFormat = keyof typeof FORMATS;

const ENTRIES: readonly FileFormat[] = Object.values(FORMATS);

/** All endings, for messages; those of files with columns; those that recorded teacher outputs may have. */
export const EXTENSIONS = endings(() => true);
export const TABLE_EXTENSIONS = endings(({ cells }) => cells !== undefined);
export const RECORDED_EXTENSIONS = endings(({ objects }) => objects !== undefined);

function endings(isMeant: (format: FileFormat) => boolean): readonly string[] {
  return ENTRIES.filter(isMeant).flatMap(({ extensions }) => extensions);
}

/** For help and messages: `.csv, .tsv, .jsonl or .parquet`, the usual ending of each format with columns. */
export const TABLE_FILES = eitherOf(({ cells }) => cells !== undefined);
/** The same of formats that recorded teacher outputs may come in. */
export const RECORDED_FILES = eitherOf(({ objects }) => objects !== undefined);

function eitherOf(isMeant: (format: FileFormat) => boolean): string {
  const usual = ENTRIES.filter(isMeant).map(({ extensions }) => extensions[0]);
  return `${usual.slice(0, -1).join(', ')} or ${usual.at(-1)}`;
}

/** In lower case, with its dot. */
export function extensionOf(path: string): string {
  return extname(path).toLowerCase();
}

/** The format by a file's name; undefined for another ending. */
export function formatOf(path: string): FileFormat | undefined {
  return ENTRIES.find(({ extensions }) => extensions.includes(extensionOf(path)));
}

export function unknownExtension(path: string, wanted: readonly string[], fix: string): FileError {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const got = isFolder ? 'a folder' : extensionOf(path) || 'no extension';
  return new FileError({ where: path, wanted: `a file that ends with ${wanted.join(', ')}`, got, fix });
}

/** Whether a file has columns with names, by its own name. */
export function hasColumns(path: string): boolean {
  return formatOf(path)?.cells !== undefined;
}

/** Whether its columns are parted by a character, so that it may lack a header, by its name. */
export function isDelimited(path: string): boolean {
  return formatOf(path)?.delimiter !== undefined;
}
