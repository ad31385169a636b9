/** @file Some rows of a data set, as a data set. */
import type { Dataset } from './dataset.js';
import { selectRows } from './text-table.js';

/** The data set with these of its rows alone, in this order. */
export function selectedRows(data: Dataset, rows: Uint32Array): Dataset {
  const { text } = data;
  return {
    ...data,
    size: rows.length,
    ...(text && {
      text: {
        ...text,
        table: selectRows(text.table, rows),
        lengths: Uint32Array.from(rows, (row) => text.lengths[row] as number),
      },
    }),
    batch: (places, ...rest) =>
      data.batch(
        Uint32Array.from(places, (place) => rows[place] as number),
        ...rest,
      ),
  };
}
