import type { ErrorCode } from '../../errors.ts';
import { type FlatEvent, flatBounds, flatten } from './flatten.ts';
import { type Breakage, type Frame, frameBounds, JsonFramer } from './framer.ts';

/** An event read from JSON. */
export interface JsonEvent {
  /** Which of the documents it is, bad ones counted too; from 1. */
  readonly number: number;
  /** Where it begins; from 1. */
  readonly line: number;
  readonly fields: FlatEvent;
}

/** A document that is no event, and why. */
export interface BadDocument {
  readonly number: number;
  readonly line: number;
  readonly code: ErrorCode;
  readonly message: string;
}

const breakages: Readonly<Record<Breakage, readonly [ErrorCode, string]>> = {
  garbage: ['event.not_json', 'It is not JSON.'],
  unfinished: ['event.not_json', 'The document breaks off.'],
  'too large': ['event.too_large', `The document is larger than ${frameBounds.sizeBytes} bytes.`],
  'too deep': ['event.too_large', `The document nests deeper than ${frameBounds.depth}.`],
};

export interface DocumentHandlers {
  readonly onEvent: (event: JsonEvent) => void;
  readonly onBad: (bad: BadDocument) => void;
}

/**
 * Reads events from a stream of JSON, in any of the layouts JsonFramer takes. Never throws on bad input: what cannot
 * be read is told with its line, and reading goes on. Bytes that are not UTF-8 are read as U+FFFD, so that no event
 * is lost to them. Of two keys of one name in a map the later counts.
 */
export class JsonDocuments {
  readonly #framer: JsonFramer;
  readonly #handlers: DocumentHandlers;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #count = 0;

  constructor(handlers: DocumentHandlers) {
    this.#handlers = handlers;
    this.#framer = new JsonFramer(
      (frame) => this.#take(frame),
      frameBounds.sizeBytes,
      (bytes, line) => this.#takeLine(bytes, line),
    );
  }

  /** Documents so far, bad ones too. */
  get count(): number {
    return this.#count;
  }

  push(chunk: Uint8Array): void {
    this.#framer.push(chunk);
  }

  end(): void {
    this.#framer.end();
  }

  /** What goes wrong here is left to be found, and told, on the way through the framer. */
  #takeLine(bytes: Buffer, line: number): boolean {
    let fields: FlatEvent | undefined;
    try {
      fields = flatten(parseDocument(this.#decoder.decode(bytes)));
    } catch {
      return false;
    }
    if (fields === undefined) return false;
    this.#handlers.onEvent({ number: ++this.#count, line, fields });
    return true;
  }

  #take(frame: Frame): void {
    const number = ++this.#count;
    const { line } = frame;
    const bad = (code: ErrorCode, message: string) => this.#handlers.onBad({ number, line, code, message });
    if (frame.kind === 'broken') {
      bad(...breakages[frame.why]);
      return;
    }
    let document: object;
    try {
      document = parseDocument(this.#decoder.decode(frame.bytes));
    } catch (error) {
      bad('event.not_json', `It is not JSON: ${(error as Error).message}.`);
      return;
    }
    const fields = flatten(document);
    if (fields === undefined) bad('event.too_large', `It holds more than ${flatBounds.values} values.`);
    else this.#handlers.onEvent({ number, line, fields });
  }
}

/** Whole numbers beyond what a double holds keep their digits. */
function parseDocument(text: string): object {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as object;
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? context?.source
      : value,
  ) as object;
}
