/** @file Where a teacher's answers are while a run reads them: in memory, or in the shards of a cache. */
import { join } from 'node:path';
import { readRows } from './answer-shard.js';
import { floatsOf, gatheredFrom, type RowShape } from './answers.js';
import { type TeacherFolder, touch } from './cache-folder.js';
import type { FedSignals, TeacherAnswers } from './teacher.js';

const TOUCH_MS = 60_000;

/** Where answers go while they are found or made: into memory, or no further than their place on disk. */
export type Sink = {
  readonly known: Uint8Array;
  put(row: number, values: Float32Array, shard: string, shardRows: number, at: number): void;
  answers(firsts: Uint32Array): TeacherAnswers;
};

/** In memory where all rows fit, else on disk. */
export function sinkFor(
  folder: TeacherFolder,
  signals: FedSignals,
  shapes: readonly RowShape[],
  size: number,
  memoryBytes: number,
): Sink {
  const bytes = Float32Array.BYTES_PER_ELEMENT * size * floatsOf(shapes);
  return bytes <= memoryBytes ? memorySink(signals, shapes, size) : diskSink(folder, signals, shapes, size);
}

function memorySink(signals: FedSignals, shapes: readonly RowShape[], size: number): Sink {
  const values = Object.fromEntries(shapes.map((shape) => [shape.name, new Float32Array(size * shape.size)]));
  const known = new Uint8Array(size);
  return {
    known,
    put: (row, from) => {
      known[row] = 1;
      let offset = 0;
      for (const shape of shapes) {
        values[shape.name]?.set(from.subarray(offset, offset + shape.size), row * shape.size);
        offset += shape.size;
      }
    },
    answers: (firsts) => {
      const { batch } = gatheredFrom(signals, shapes, values);
      return {
        signals,
        batch: (rows, paddedTo) =>
          batch(
            Uint32Array.from(rows, (row) => firsts[row] as number),
            paddedTo,
          ),
      };
    },
  };
}

function diskSink(folder: TeacherFolder, signals: FedSignals, shapes: readonly RowShape[], size: number): Sink {
  const floats = floatsOf(shapes);
  const known = new Uint8Array(size);
  const shardOf = new Uint32Array(size);
  const places = new Uint32Array(size);
  const shards: { readonly path: string; readonly rows: number }[] = [];
  let lastName = '';
  let touched = Date.now();
  return {
    known,
    put: (row, _values, name, rows, at) => {
      if (name !== lastName) shards.push({ path: join(folder.path, name), rows });
      lastName = name;
      known[row] = 1;
      shardOf[row] = shards.length - 1;
      places[row] = at;
    },
    answers: (firsts) => ({
      signals,
      batch: (rows, paddedTo) => {
        if (Date.now() - touched > TOUCH_MS) {
          touched = Date.now();
          void touch(folder);
        }
        const byShard = new Map<number, { at: number; place: number }[]>();
        for (let i = 0; i < rows.length; i++) {
          const row = firsts[rows[i] as number] as number;
          const shard = shardOf[row] as number;
          const wanted = byShard.get(shard) ?? [];
          wanted.push({ at: places[row] as number, place: i });
          byShard.set(shard, wanted);
        }
        const records = new Float32Array(rows.length * floats);
        for (const [shard, wanted] of byShard) {
          const { path, rows: shardRows } = shards[shard] as (typeof shards)[number];
          readRows(path, shardRows, floats, wanted, records);
        }
        const values = Object.fromEntries(columnsOf(records, shapes, floats));
        return gatheredFrom(signals, shapes, values).batch(
          Uint32Array.from(rows, (_, i) => i),
          paddedTo,
        );
      },
    }),
  };
}

/** Records [rows, floats] as one array a signal. */
function columnsOf(records: Float32Array, shapes: readonly RowShape[], floats: number): [string, Float32Array][] {
  let offset = 0;
  return shapes.map(({ name, size }) => {
    const values = new Float32Array((records.length / floats) * size);
    for (let row = 0; row * floats < records.length; row++) {
      values.set(records.subarray(row * floats + offset, row * floats + offset + size), row * size);
    }
    offset += size;
    return [name, values];
  });
}
