/** The answer of a hunt while it comes in: what `POST /hunts/run` sends in the format `rows`. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';

export interface AnswerColumn {
  readonly name: string;
  readonly type: string;
}

export type AnswerPart =
  | { readonly columns: readonly AnswerColumn[] }
  | { readonly row: readonly unknown[] }
  | { readonly percent: number }
  | { readonly end: AnswerEnd };

export interface AnswerEnd {
  readonly rows: number;
  readonly isCut: boolean;
  readonly damagedBatches: number;
}

interface Frame {
  readonly columns?: readonly AnswerColumn[];
  readonly percent?: number;
  readonly end?: AnswerEnd;
  readonly error?: { readonly code: ErrorCode; readonly detail: string };
}

/** Parts in their order; throws the error the collector ended with, `hunt.failed` when it broke off. */
export async function* partsOf(response: IncomingMessage): AsyncGenerator<AnswerPart> {
  for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
    const value = JSON.parse(line) as Frame | readonly unknown[];
    if (Array.isArray(value)) {
      yield { row: value };
      continue;
    }
    const { columns, percent, end, error } = value as Frame;
    if (error !== undefined) throw new VedetteError(error.code, error.detail);
    if (columns !== undefined) yield { columns };
    if (percent !== undefined) yield { percent };
    if (end !== undefined) {
      yield { end };
      return;
    }
  }
  throw new VedetteError('hunt.failed', 'The collector broke the answer off.');
}
