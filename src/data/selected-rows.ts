/** @file Some rows of a data set, as a data set. */
import type { Dataset } from './dataset.js';
import { selectRows } from './text-table.js';

/** The data set with these of its rows alone, in this order. Epochs are shuffled as of any rows, whatever its own were. */
export function selectedRows(data: Dataset, rows: Uint32Array, name = data.name): Dataset {
  const { text, labelNames, size } = data;
  return {
    name,
    size: rows.length,
    labelNames,
    ...(text && {
      text: {
        ...text,
        table: selectRows(text.table, rows, name),
        lengths: rows.map((row) => text.lengths[row] as number),
        isTruncated: Uint8Array.from(rows, (row) => text.isTruncated[row] as number),
      },
    }),
    batch: (places, ...rest) =>
      data.batch(
        // A row that is not there stays one for the data set itself to refuse.
        Array.from(places, (place) => rows[place] ?? size),
        ...rest,
      ),
  };
}
