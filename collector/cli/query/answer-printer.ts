import { print, printJsonLine, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { LiveQueryLine } from '../../store/contract.ts';

export const answerFormats = ['table', 'jsonl', 'csv'] as const;
export type AnswerFormat = (typeof answerFormats)[number];

/** Prints the lines of an answer; what is not rows goes to standard error, but with JSON lines. */
export interface AnswerPrinter {
  line(line: LiveQueryLine): void;
  end(): void;
}

type Row = LiveQueryLine & { readonly type: 'row' };
type Told = LiveQueryLine & { readonly type: 'host' };

function tell({ hostName, host, state, code, detail, cut }: Told): void {
  const say = (text: string) => process.stderr.write(`${printable(`${hostName} (${host}): ${text}`)}\n`);
  if (state === 'away') say('not connected');
  else if (state === 'failed') say(`${code}: ${detail}`);
  if (cut > 0) say(`${cut} rows or more were left out`);
}

const shown = (value: unknown) => (value === null || value === undefined ? '' : String(value));

/** RFC 4180; a cell that a spreadsheet would take for a formula stays a text. */
function csvCell(value: unknown): string {
  const text = shown(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

class JsonLines implements AnswerPrinter {
  line(line: LiveQueryLine): void {
    printJsonLine(line);
  }
  end(): void {}
}

class Csv implements AnswerPrinter {
  #columns: readonly string[] | undefined;

  line(line: LiveQueryLine): void {
    if (line.type === 'host') tell(line);
    if (line.type !== 'row') return;
    if (this.#columns === undefined) {
      this.#columns = Object.keys(line.row);
      print(['host', ...this.#columns].map(csvCell).join());
    }
    print([line.hostName, ...this.#columns.map((name) => line.row[name])].map(csvCell).join());
  }
  end(): void {}
}

class Table implements AnswerPrinter {
  readonly #rows: Row[] = [];
  readonly #told: Told[] = [];

  line(line: LiveQueryLine): void {
    if (line.type === 'row') this.#rows.push(line);
    else if (line.type === 'host') this.#told.push(line);
  }

  end(): void {
    const names = Object.keys(this.#rows[0]?.row ?? {});
    const isNumber = (name: string) => typeof this.#rows[0]?.row[name] === 'number';
    const columns = [
      { title: 'host', of: (line: Row) => line.hostName },
      ...names.map((name) => ({
        title: name,
        of: (line: Row) => shown(line.row[name]),
        ...(isNumber(name) && { align: 'right' as const }),
      })),
    ];
    if (this.#rows.length > 0) printTable(columns, this.#rows, '');
    else if (this.#told.some((one) => one.state === 'done')) print('No rows.');
    for (const one of this.#told) tell(one);
  }
}

export function answerPrinter(format: AnswerFormat): AnswerPrinter {
  switch (format) {
    case 'table':
      return new Table();
    case 'csv':
      return new Csv();
    case 'jsonl':
      return new JsonLines();
  }
}
