import { Packr, Unpackr } from 'msgpackr';
import { fail, ok, type Result } from '../errors.ts';

/**
 * What travels between agent and collector: one msgpack map per binary WebSocket message. A frame kind is a
 * table of facts; types and checks come from it. Fields a kind does not declare are ignored, so newer peers may
 * add some; kinds that are not declared are refused.
 */
export const protocolVersion = 1;

/** What to say to a peer (`agent` or `collector`) that speaks another version of the protocol. */
export function versionAdvice(peer: 'agent' | 'collector', version: number): string {
  const other = peer === 'agent' ? 'collector' : 'agent';
  const older = version < protocolVersion ? peer : other;
  return `The ${peer} speaks protocol ${version}, this ${other} ${protocolVersion}: update the ${older}.`;
}

/** Largest frame in bytes, either way. */
export const maxFrameBytes = 4 * 1024 * 1024;
/** WebSocket subprotocol. */
export const subprotocol = 'vedette.v1';

type Kind = 'text' | 'uint' | 'bytes' | 'facts' | 'marks' | 'names' | 'scalars';
interface Slot {
  readonly type: Kind;
  /** May be absent: what a peer of an earlier version does not send. */
  readonly optional?: true;
}
const text = { type: 'text' } as const;
const optionalText = { type: 'text', optional: true } as const;
const uint = { type: 'uint' } as const;
const bytes = { type: 'bytes' } as const;
/** A flat map of short strings. */
const facts = { type: 'facts' } as const;
/** Places in streams, at most `maxMarks`. */
const marks = { type: 'marks' } as const;
/** A flat map of short strings, whole numbers and booleans. */
const scalars = { type: 'scalars' } as const;
/** What the sender understands beyond the frames of 0.1.0. Absent: nothing. */
const features = { type: 'names', optional: true } as const;

/** Longest text in a frame, in UTF-16 units. */
const maxText = 4096;
const maxFacts = 64;
/** Most streams a `marks` frame names: those of the last 128 starts of an agent. */
export const maxMarks = 256;

/** Stream, sequence, and the events collected on the stream up to and including that batch. */
export type StreamMark = readonly [stream: string, sequence: number, collected: number];
/** Bytes of a part of a bundle. */
export const bundlePartBytes = 1024 * 1024;
const maxNames = 32;
const maxNameLength = 64;

/**
 * What a hello may name in `features`: kinds of frames that came later. A peer sends them only to one that named the
 * feature, for a kind that is not known is refused.
 * - `renewal`: `renew` to the collector, `certificate` to the agent
 * - `trust`: `trust` to the agent
 * - `marks`: `marks` to the collector
 * - `commands`: `command` and `settled` to the agent, `result` to the collector
 * - `parts`: `part` to the collector, `cancel` to the agent
 * - `schedule`: `schedule` to the agent
 * - `bundle`: `root` and `bundle` to the agent, `rules` to the collector
 */
export const knownFeatures = [
  'renewal',
  'trust',
  'marks',
  'commands',
  'parts',
  'schedule',
  'bundle',
] as const;
export type Feature = (typeof knownFeatures)[number];

export const agentFrames = {
  /**
   * First frame. `pending` counts the events in the outbox. `run` is 16 hex digits drawn at the start of the process:
   * two of them alive under one identity are clones.
   */
  hello: { version: uint, pending: uint, facts, run: optionalText, features },
  /**
   * Encoded events. A stream is one lane of one run of an agent; its sequence counts from 1 without gaps.
   * `collected` counts the events collected on the stream up to and including this batch, losses among them, so
   * that collected = stored + lost holds at every batch.
   */
  batch: { stream: text, sequence: uint, collected: uint, data: bytes },
  /**
   * Feature `marks`: what the agent has seen acknowledged and forgotten, once after the welcome and before any batch. A
   * collector that holds less of a stream was restored from an older copy, and counts the rest as lost.
   */
  marks: { marks },
  ping: { sentAt: uint, pending: uint },
  /** Feature `renewal`: a PKCS#10 request (PEM) for the next certificate of this host. */
  renew: { csr: text },
  /**
   * What became of a command; sent until `settled` says that the collector has it. `status` and `code` are of
   * shared/commands/, `output` is JSON in UTF-8, empty where there is none, `cut` counts what was left out of it.
   */
  result: { id: text, status: text, code: text, detail: text, output: bytes, cut: uint },
  /**
   * Feature `parts`: the `index`th part, from 0, of the output of a command that is to be streamed, before its result.
   * Sent once: of a connection that ends, parts are gone.
   */
  part: { id: text, index: uint, data: bytes },
  /**
   * Feature `bundle`: which rules this host runs, after the welcome, at every change and with pings. `status` is of
   * shared/protocol/host-rules.ts; `code` and `detail` say why the bundle `offered` (its version) is not run, both empty
   * where it is; `report` is JSON.
   */
  rules: {
    status: text,
    version: uint,
    digest: text,
    expiresAt: uint,
    since: uint,
    offered: uint,
    code: text,
    detail: text,
    report: bytes,
  },
  bye: { code: text, detail: text },
} as const satisfies Record<string, Record<string, Slot>>;

export const collectorFrames = {
  /** Answer to hello. `credit` is the bytes of batches that may be in flight, `time` microseconds since the epoch. */
  hello: { version: uint, credit: uint, time: uint, features },
  /** Everything of the stream up to sequence `mark` is durable. */
  ack: { stream: text, mark: uint, credit: uint },
  ping: { sentAt: uint },
  /** Something to do, at most once, by `name` of shared/commands/. Instants are microseconds by the collector's clock. */
  command: { id: text, name: text, arguments: scalars, issuedAt: uint, expiresAt: uint },
  /** The result of this command is kept; the agent need not send it again. */
  settled: { id: text },
  /** Feature `parts`: nobody wants the result of this command any more. It is answered all the same. */
  cancel: { id: text },
  /** Feature `schedule`: all the queries this host is to ask itself from now on, as JSON (shared/query/schedule.ts). */
  schedule: { queries: bytes },
  /** Feature `bundle`: the root to trust from now on, for an agent that trusts none yet; one that does ignores it. */
  root: { root: bytes },
  /**
   * Feature `bundle`: the `index`th part, from 0, of a bundle of `sizeBytes` to be run. `offer` is the SHA-256 of all its
   * bytes. Every part but the last is of `bundlePartBytes`; part 0 of another offer ends the one before.
   */
  bundle: { offer: text, version: uint, sizeBytes: uint, index: uint, data: bytes },
  /** Feature `renewal`: answer to `renew`, PEM. */
  certificate: { certificate: text },
  /** Feature `trust`: the CAs (PEM, one after another, UTF-8) to be pinned from now on, the one that signs first. */
  trust: { ca: bytes },
  bye: { code: text, detail: text },
} as const satisfies Record<string, Record<string, Slot>>;

interface SlotTypes {
  text: string;
  uint: number;
  bytes: Uint8Array;
  facts: Readonly<Record<string, string>>;
  marks: readonly StreamMark[];
  names: readonly string[];
  scalars: Readonly<Record<string, string | number | boolean>>;
}
type FrameOf<K, S extends Record<string, Slot>> = { readonly kind: K } & {
  readonly [F in keyof S as S[F] extends { optional: true } ? never : F]: SlotTypes[S[F]['type']];
} & {
  readonly [F in keyof S as S[F] extends { optional: true } ? F : never]?: SlotTypes[S[F]['type']];
};
type Frames<T extends Record<string, Record<string, Slot>>> = { [K in keyof T]: FrameOf<K, T[K]> }[keyof T];

export type AgentFrame = Frames<typeof agentFrames>;
export type CollectorFrame = Frames<typeof collectorFrames>;

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

export function encodeFrame(frame: AgentFrame | CollectorFrame): Buffer {
  return packr.pack(frame);
}

const isText = (value: unknown) => typeof value === 'string' && value.length <= maxText;

/** A map of at most 64 short keys, all with values the test takes. */
function isFlat(value: unknown, isValue: (value: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= maxFacts && entries.every(([k, v]) => k.length <= maxNameLength && isValue(v));
}

function isNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= maxNames &&
    value.every((v) => typeof v === 'string' && v.length <= maxNameLength)
  );
}

const streamPattern = /^[0-9a-f]{16}$/;

function isUint(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isMarks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= maxMarks &&
    value.every(
      (mark) =>
        Array.isArray(mark) &&
        mark.length === 3 &&
        typeof mark[0] === 'string' &&
        streamPattern.test(mark[0]) &&
        isUint(mark[1]) &&
        isUint(mark[2]),
    )
  );
}

const checks: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  uint: isUint,
  bytes: (v) => v instanceof Uint8Array,
  facts: (v) => isFlat(v, isText),
  marks: isMarks,
  names: isNames,
  scalars: (v) => isFlat(v, (one) => isText(one) || typeof one === 'boolean' || Number.isSafeInteger(one)),
};

function unpack(data: Uint8Array): unknown {
  try {
    return unpackr.unpack(data);
  } catch {
    return undefined;
  }
}

function decode<T>(table: Record<string, Record<string, Slot>>, data: Uint8Array): Result<T> {
  if (data.length > maxFrameBytes) {
    return fail('wire.frame_too_large', `A frame of ${data.length} bytes; the bound is ${maxFrameBytes}.`);
  }
  const value = unpack(data);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('wire.frame_malformed', 'A frame is not one msgpack map.');
  }
  const frame = value as Record<string, unknown>;
  const { kind } = frame;
  if (typeof kind !== 'string') return fail('wire.frame_malformed', 'A frame has no kind.');
  const slots = Object.hasOwn(table, kind) ? table[kind] : undefined;
  if (slots === undefined)
    return fail('wire.frame_unknown', `No frame kind ${JSON.stringify(kind.slice(0, 64))}.`);
  for (const [name, slot] of Object.entries(slots)) {
    if (slot.optional === true && frame[name] === undefined) continue;
    if (!checks[slot.type](frame[name]))
      return fail('wire.frame_malformed', `${kind}: ${name} is not a valid ${slot.type}.`);
  }
  return ok(frame as T);
}

/** What an agent sent. */
export function decodeAgentFrame(data: Uint8Array): Result<AgentFrame> {
  return decode(agentFrames, data);
}

/** What a collector sent. */
export function decodeCollectorFrame(data: Uint8Array): Result<CollectorFrame> {
  return decode(collectorFrames, data);
}
