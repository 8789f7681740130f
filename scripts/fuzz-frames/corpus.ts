/** What mutations begin with: real frames of every kind, of this version and of released ones, and real batches. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { type AgentFrame, type CollectorFrame, encodeFrame } from '#shared/protocol/frames.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { readExample } from '../examples/example.ts';

const root = join(import.meta.dirname, '../..');
const releases = join(root, 'test/fixtures/protocol');

export interface Corpus {
  readonly frames: readonly Buffer[];
  /** Bodies of batches, as they are before compression. */
  readonly bodies: readonly Buffer[];
}

function releasedFrames(): Buffer[] {
  return readdirSync(releases).flatMap((release) =>
    readFileSync(join(releases, release, 'frames.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => Buffer.from((JSON.parse(line) as { base64: string }).base64, 'base64')),
  );
}

/** Each type of event by itself, some often, and all together. */
function batches(): Uint8Array[] {
  const rows = Object.keys(eventSpecs).flatMap((type) => {
    const event = readExample(root, type as EventType)?.event;
    return event === undefined ? [] : [event as unknown as EventRow];
  });
  const repeated = rows.map((row) =>
    Array.from({ length: 20 }, (_, i) => ({ ...row, time: row.time + i * 1e6 })),
  );
  return [rows, ...rows.map((row) => [row]), ...repeated].map((some) => encodeBatch(some).data);
}

export function makeCorpus(): Corpus {
  const encoded = batches();
  const stream = 'ab'.repeat(8);
  const output = Buffer.from('{"events":[{"a":1}],"total":1}');
  const said: (AgentFrame | CollectorFrame)[] = [
    { kind: 'hello', version: 1, pending: 7, facts: { hostname: 'a', os: 'linux' }, features: ['commands'] },
    { kind: 'ping', sentAt: 1_700_000_000_000_000, pending: 3 },
    { kind: 'result', id: stream, status: 'done', code: '', detail: '', output, cut: 0 },
    { kind: 'bye', code: 'wire.shutdown', detail: '' },
    { kind: 'hello', version: 1, credit: 1 << 20, time: 1_700_000_000_000_000, features: ['commands'] },
    { kind: 'ack', stream, mark: 3, credit: 1 << 20 },
    {
      kind: 'command',
      id: stream,
      name: 'agent.status',
      arguments: { a: 1, b: true, c: 'x' },
      issuedAt: 1,
      expiresAt: 2,
    },
    { kind: 'settled', id: stream },
    { kind: 'part', id: stream, index: 0, data: Buffer.from('{"columns":["pid"],"rows":[[1]]}') },
    { kind: 'cancel', id: stream },
    { kind: 'schedule', queries: Buffer.from('[{"name":"a","sql":"SELECT 1","intervalS":60}]') },
    ...encoded.map(
      (data, i) => ({ kind: 'batch', stream, sequence: i + 1, collected: i + 1, data }) as const,
    ),
  ];
  return {
    frames: [...said.map((frame) => encodeFrame(frame)), ...releasedFrames()],
    bodies: encoded.map((data) => zstdDecompressSync(data)),
  };
}
