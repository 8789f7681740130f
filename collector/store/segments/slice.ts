import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';

function sliceColumn(column: Column, from: number, to: number): Column {
  switch (column.kind) {
    case 'string':
      return { ...column, index: column.index.subarray(from, to) };
    case 'number':
      return {
        ...column,
        values: column.values.subarray(from, to),
        present: column.present?.subarray(from, to) ?? null,
      };
    case 'bool':
      return { ...column, values: column.values.subarray(from, to) };
    case 'list': {
      const begin = column.offsets[from] as number;
      return {
        ...column,
        offsets: column.offsets.subarray(from, to + 1).map((offset) => offset - begin),
        index: column.index.subarray(begin, column.offsets[to] as number),
        present: column.present.subarray(from, to),
      };
    }
  }
}

/** Rows `from` up to `from + count` of events; arrays are shared. */
export function sliceOf(events: ColumnarEvents, from: number, count: number): ColumnarEvents {
  const columns = [...events.columns].map(
    ([name, column]) => [name, sliceColumn(column, from, from + count)] as const,
  );
  return {
    ...events,
    count,
    times: events.times.subarray(from, from + count),
    columns: new Map(columns),
  };
}
