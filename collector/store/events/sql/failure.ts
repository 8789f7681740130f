/** What DuckDB says went wrong, as an error of the catalogue that points into the text its writer knows. */
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { QuotedSql } from './names.ts';
import { nearNames } from './near-names.ts';
import { sigmaColumns } from './sigma-names.ts';
import { columnNames } from './views.ts';

/** DuckDB's errors as JSON (`errors_as_json`). */
interface EngineError {
  readonly exception_type?: string;
  readonly exception_message?: string;
  /** Bytes from the start of the statement. */
  readonly position?: string;
  readonly error_subtype?: string;
  readonly name?: string;
}

export interface Failure {
  readonly message: string;
  readonly position?: number;
  readonly type?: string;
  /** The name that is not known, where that is what is wrong. */
  readonly unknown?: string;
}

/** Longest part of the engine's message that is passed on. */
const maxMessage = 600;

/** Reads an error the engine threw; undefined when it is none of its own. */
export function engineFailure(error: unknown): Failure | undefined {
  const text = (error as Error).message ?? '';
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  try {
    const said = JSON.parse(text.slice(start)) as EngineError;
    if (said.exception_message === undefined) return undefined;
    const isUnknown = said.error_subtype === 'COLUMN_NOT_FOUND';
    return {
      message: said.exception_message,
      ...(said.position !== undefined && { position: Number(said.position) }),
      ...(said.exception_type !== undefined && { type: said.exception_type }),
      ...(isUnknown && said.name !== undefined && { unknown: said.name }),
    };
  } catch {
    return undefined;
  }
}

/** The dotted name that begins at this byte. */
function nameAt({ sql }: QuotedSql, position: number): string | undefined {
  const rest = Buffer.from(sql).subarray(position).toString();
  return /^[\w.]+/.exec(rest)?.[0];
}

/** The name that is not known, if that is what is wrong. Of `a.b` the engine says that there is no table `a`. */
function unknownOf({ message, position, unknown }: Failure, quoted: QuotedSql): string | undefined {
  if (unknown !== undefined || position === undefined || !message.startsWith('Referenced table'))
    return unknown;
  return nameAt(quoted, position);
}

function placeOf(quoted: QuotedSql, position: number): string {
  const before = Buffer.from(quoted.sql).subarray(0, position).toString();
  const written = quoted.written(before.length);
  // Lines are those of what was written: quoting adds no line breaks.
  const lines = before.split('\n');
  const lineStart = quoted.written(before.length - (lines.at(-1) as string).length);
  return `line ${lines.length}, column ${written - lineStart + 1}`;
}

function codeOf(type: string | undefined): ErrorCode {
  switch (type) {
    case 'INTERRUPT':
      return 'hunt.cancelled';
    case 'Out of Memory':
      return 'hunt.limit';
    case 'IO':
    case 'Internal':
    case 'FATAL':
      return 'hunt.failed';
    case 'Permission':
      return 'hunt.refused';
    default:
      return 'hunt.invalid';
  }
}

function suggestion(name: string, views: readonly string[]): string {
  const sigma = sigmaColumns(name, views);
  if (sigma.length > 0) return ` Sigma's ${name} is ${sigma.join(' or ')}.`;
  const near = nearNames(name, new Set(views.flatMap(columnNames)));
  return near.length === 0 ? '' : ` Near: ${near.join(', ')}.`;
}

/** A file that a snapshot names is not there any more: it was merged with others, or its time has come. */
export class FileGone extends VedetteError {
  constructor(detail: string) {
    super('hunt.failed', detail);
  }
}

const gone = /No files found|No such file|Cannot open file/;

/** The coded error for a failure; `views` are those whose columns may have been meant. */
export function failureOf(failure: Failure, quoted: QuotedSql, views: readonly string[]): VedetteError {
  const { message, position, type } = failure;
  const unknown = unknownOf(failure, quoted);
  const isWithin = position !== undefined && position >= 0 && position < Buffer.byteLength(quoted.sql);
  const place = isWithin ? ` (${placeOf(quoted, position)})` : '';
  if (unknown !== undefined) {
    const detail = `There is no column ${unknown}${place}.${suggestion(unknown, views)}`;
    return new VedetteError('hunt.unknown_name', detail);
  }
  // After the first line of this one comes advice on settings that nobody here can change.
  const told = type === 'Out of Memory' ? message.trim().replace(/\n[\s\S]*/, '') : message.trim();
  const text = told
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, maxMessage)
    .replace(/[.!]$/, '');
  if (type === 'IO' && gone.test(message)) return new FileGone(`${text}.`);
  return new VedetteError(codeOf(type), `${text}${place}.`);
}
