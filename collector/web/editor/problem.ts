/** Something wrong with a text; lines and columns from 1. */
export interface EditorProblem {
  readonly line: number;
  /** Absent: the whole line. */
  readonly column?: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** The place that a refusal of a statement names, e.g. `… (line 2, column 7).`; the first line where it names none. */
export function problemOfStatement(detail: string): EditorProblem {
  const place = /\(line (\d+), column (\d+)\)/.exec(detail);
  if (place === null) return { line: 1, severity: 'error', message: detail };
  return { line: Number(place[1]), column: Number(place[2]), severity: 'error', message: detail };
}
