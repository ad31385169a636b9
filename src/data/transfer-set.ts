/** @file A training set and a pool of rows without labels behind it, for a teacher to answer. */
import { OptionError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { type Tensor, tensor, zeros } from '../tensor/tensor.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { computedColumn, joinedColumns } from './computed-column.js';
import { type Batch, type Dataset, paddedRows, paddingWeights } from './dataset.js';
import { TextIndex } from './text-index.js';
import type { TextRows } from './text-rows.js';
import { joinedLabels, joinedScores, selectRows, textTable, withoutLabels } from './text-table.js';

/**
 * The rows of `train`, and behind them those of `pool` by their numbers, of which no label and no score is seen. Ids of
 * the training rows stay; the pool's get `transfer/` before them where a training row has one of the same.
 * @throws OptionError for data of another kind: texts beside none, pairs beside single texts, another tokenizer.
 */
export function withTransferRows(train: Dataset, pool: Dataset, rows: Uint32Array): Dataset {
  const name = `${train.name} with ${pool.name}`;
  const text = joinedTexts(train, pool, rows, name);
  const size = train.size + rows.length;
  const { labels, scores } = train.batch([0]);
  const targets = { labels: labels !== undefined, scores: scores !== undefined };
  return {
    name,
    size,
    labelNames: train.labelNames,
    ...(text && { text }),
    batch: (wanted, paddedTo = wanted.length, place, length) => {
      const padded = paddedRows(wanted, paddedTo, size, name);
      if (padded.every((row) => row < train.size)) return train.batch(wanted, paddedTo, place, length);
      const S = length ?? (text && longestOf(padded, text));
      const isOwn = (at: number): boolean => (padded[at] as number) < train.size;
      const places = [...padded.keys()];
      const [own, other] = [places.filter(isOwn), places.filter((at) => !isOwn(at))];
      const parts: Part[] = [];
      if (own.length > 0) {
        const numbers = own.map((at) => padded[at] as number);
        parts.push({ places: own, batch: train.batch(numbers, numbers.length, undefined, S) });
      }
      const numbers = other.map((at) => rows[(padded[at] as number) - train.size] as number);
      const { labels: _labels, scores: _scores, ...unlabelled } = pool.batch(numbers, numbers.length, undefined, S);
      parts.push({ places: other, batch: unlabelled });
      return {
        ...merged(parts, paddedTo, targets),
        ids: text === undefined ? padded : Array.from(padded, (row) => text.table.ids[row] as string),
        weights: paddingWeights(wanted.length, paddedTo),
      };
    },
  };
}

/** Some rows of a batch, and where in it they stand. */
type Part = { readonly places: readonly number[]; readonly batch: Omit<Batch, 'ids' | 'weights'> };

/** @param targets What rows of the training set have. */
function merged(
  parts: readonly Part[],
  rows: number,
  targets: { readonly labels: boolean; readonly scores: boolean },
): Omit<Batch, 'ids' | 'weights'> {
  const names = Object.keys(parts[0]?.batch.inputs ?? {});
  const labels = BigInt64Array.from({ length: rows }, () => BigInt(NO_LABEL));
  const scores = new Float32Array(rows).fill(Number.NaN);
  for (const { places, batch } of parts) {
    for (const [i, place] of places.entries()) {
      labels[place] = batch.labels?.data[i] ?? BigInt(NO_LABEL);
      scores[place] = batch.scores?.data[i] ?? Number.NaN;
    }
  }
  return {
    inputs: Object.fromEntries(names.map((name) => [name, mergedInput(parts, name, rows)])),
    ...(targets.labels && { labels: tensor('int64', [rows], labels) }),
    ...(targets.scores && { scores: tensor('float32', [rows], scores) }),
  };
}

/** [rows, ..]: the rows of each part at their places. */
function mergedInput(parts: readonly Part[], name: string, rows: number): Tensor {
  const tensors = parts.map(({ places, batch }) => ({ places, from: batch.inputs[name] as Tensor }));
  const [first] = tensors as [(typeof tensors)[number]];
  const made = zeros(first.from.dtype, [rows, ...first.from.shape.slice(1)]);
  const whole = bytesOf(made);
  const rowBytes = made.data.byteLength / rows;
  for (const { places, from } of tensors) {
    const bytes = bytesOf(from);
    for (const [i, place] of places.entries()) {
      whole.set(bytes.subarray(i * rowBytes, (i + 1) * rowBytes), place * rowBytes);
    }
  }
  return made;
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function longestOf(rows: Uint32Array, { lengths }: TextRows): number {
  return rows.reduce((longest, row) => Math.max(longest, lengths[row] as number), 1);
}

function joinedTexts(train: Dataset, pool: Dataset, rows: Uint32Array, name: string): TextRows | undefined {
  const [first, second] = [train.text, pool.text];
  if (first === undefined && second === undefined) return undefined;
  const kind = (text: TextRows | undefined) =>
    text === undefined ? 'none' : text.table.pairs ? 'pairs' : 'single texts';
  if (first === undefined || second === undefined || kind(first) !== kind(second)) {
    throw new OptionError({ where: pool.name, wanted: `${kind(first)}, as ${train.name} has`, got: kind(second) });
  }
  if (tokenizerHash(first.tokenizer) !== tokenizerHash(second.tokenizer)) {
    throw new OptionError({ where: pool.name, wanted: `the tokenizer of ${train.name}`, got: 'another tokenizer' });
  }
  const { table } = first;
  const others = withoutLabels(selectRows(second.table, rows));
  const taken = new TextIndex((row) => table.ids[row] as string);
  for (const id of table.ids) taken.add(id);
  const isTaken = others.ids.some((id) => taken.firstOf(id) !== undefined);
  const otherIds = isTaken ? computedColumn(others.size, (row) => `transfer/${others.ids[row]}`) : others.ids;
  const pairs = table.pairs && others.pairs && joinedColumns([table.pairs, others.pairs]);
  const { labels, scores, readAs } = table;
  const lengths = new Uint32Array(table.size + rows.length);
  lengths.set(first.lengths);
  lengths.set(
    rows.map((row) => second.lengths[row] as number),
    table.size,
  );
  const isTruncated = new Uint8Array(lengths.length);
  isTruncated.set(first.isTruncated);
  for (const [place, row] of rows.entries()) isTruncated[table.size + place] = second.isTruncated[row] as number;
  return {
    table: textTable(name, {
      ids: joinedColumns([table.ids, otherIds]),
      texts: joinedColumns([table.texts, others.texts]),
      ...(pairs && { pairs }),
      ...(labels && { labels: joinedLabels([table, others]) }),
      labelNames: table.labelNames,
      ...(scores && { scores: joinedScores([table, others]) }),
      readAs,
    }),
    tokenizer: first.tokenizer,
    cut: first.cut,
    lengths,
    isTruncated,
  };
}
