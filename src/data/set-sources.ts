/** @file The forms in which public data sets come, as sources of splits. */
import { basename } from 'node:path';
import { FileError } from '../errors/failures.js';
import { quoted } from './formats/table-rows.js';
import { textBlocks, textLines } from './formats/text-lines.js';
import { LabelColumn } from './label-column.js';
import { readTextTable } from './read-text-table.js';
import type { ReadTextTableOptions } from './table-of-rows.js';
import type { ReadSplitOptions, SplitSource } from './text-set.js';
import { textTable } from './text-table.js';

/** A file of columns; its label names are the set's unless its options have a map of their own. */
export function tableFile(file: string, columns: ReadTextTableOptions): SplitSource {
  return {
    files: [file],
    read: async ([path = file], { name, labelNames, onBadRow }) => {
      const isLabelled = columns.label !== null && columns.score === undefined;
      // How a set's own files are read says nothing of the files that somebody reads next.
      const { readAs: _, ...table } = await readTextTable(path, {
        ...columns,
        name,
        ...(isLabelled && labelNames !== undefined ? { labelNames, labelsFromZero: true } : {}),
        ...(onBadRow === undefined ? {} : { onBadRow }),
      });
      return table;
    },
  };
}

/** A file of lines `label text`. */
export function labelledLines(file: string, labelOf: (written: string) => string = (written) => written): SplitSource {
  return {
    files: [file],
    read: async ([path = file], { name, labelNames, onBadRow }) => {
      const labels = new LabelColumn(path, labelNames === undefined ? {} : { labelNames, labelsFromZero: true });
      const texts: string[] = [];
      for await (const { number, text } of textLines(path)) {
        if (text === '') continue;
        const space = text.indexOf(' ');
        const where = `${path}:${number}`;
        const label = space > 0 ? labels.read(labelOf(text.slice(0, space)), where) : notLabelled(where, text);
        if (label instanceof FileError) {
          if (onBadRow === undefined) throw label;
          onBadRow(label);
          continue;
        }
        labels.add(label);
        texts.push(text.slice(space + 1));
      }
      if (texts.length === 0) throw noRows(path);
      return textTable(name, { texts, ...labels.finish() });
    },
  };
}

/** Files of one text a line, one file for each label. */
export function fileForEachLabel(files: readonly string[]): SplitSource {
  return {
    files,
    read: async (paths, { name, labelNames = [] }: ReadSplitOptions) => {
      const texts: string[] = [];
      const labels: number[] = [];
      const ids: string[] = [];
      for (const [label, path] of paths.entries()) {
        const before = texts.length;
        for await (const { number, text } of textLines(path)) {
          if (text === '') continue;
          texts.push(text);
          labels.push(label);
          ids.push(`${basename(path)}:${number}`);
        }
        if (texts.length === before) throw noRows(path);
      }
      return textTable(name, { ids, texts, labels, labelNames });
    },
  };
}

/** CLINC150's form: JSON of splits, each a list of [text, label]. */
export function intentsFile(file: string, keys: readonly string[]): SplitSource {
  return {
    files: [file],
    read: async ([path = file], { name, labelNames, onBadRow }) => {
      const { intentSplits } = await import('./intents.schema.js');
      const splits = intentSplits(await wholeText(path), path);
      const labels = new LabelColumn(path, labelNames === undefined ? {} : { labelNames, labelsFromZero: true });
      const texts: string[] = [];
      for (const key of keys) {
        const rows = splits[key];
        if (rows === undefined) {
          throw new FileError({ where: path, wanted: `a list '${key}'`, got: Object.keys(splits).join(', ') });
        }
        for (const [row, [text, written]] of rows.entries()) {
          const label = labels.read(written, `${path}, ${key}[${row}]`);
          if (label instanceof FileError) {
            if (onBadRow === undefined) throw label;
            onBadRow(label);
            continue;
          }
          labels.add(label);
          texts.push(text);
        }
      }
      return textTable(name, { texts, ...labels.finish() });
    },
  };
}

const MAX_JSON_CHARACTERS = 2 ** 26;

async function wholeText(path: string): Promise<string> {
  let text = '';
  for await (const block of textBlocks(path)) {
    text += block;
    if (text.length <= MAX_JSON_CHARACTERS) continue;
    const wanted = `at most ${MAX_JSON_CHARACTERS} characters of JSON`;
    throw new FileError({ where: path, wanted, got: 'more', fix: 'check that this is the file' });
  }
  return text;
}

function notLabelled(where: string, text: string): FileError {
  return new FileError({ where, wanted: 'a label, a space and a text', got: quoted(text), fix: 'correct that line' });
}

function noRows(path: string): FileError {
  return new FileError({ where: path, wanted: 'at least one row', got: 'none', fix: 'download it again' });
}
