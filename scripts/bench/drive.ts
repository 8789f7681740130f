/** Agents that send the same encoded batches again and again over wss, and a collector of its own for them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { decodeCollectorFrame, encodeFrame, subprotocol } from '#shared/protocol/frames.ts';
import { collectorName, parseToken } from '#shared/protocol/identity.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { Client } from '../../collector/cli/client.ts';
import { randomOf, sampleEvents } from './sample-events.ts';

/** Distinct batches an agent repeats under new sequence numbers. */
const distinctBatches = 400;
const paceMs = 5;
const top = join(import.meta.dirname, '../..');

/**
 * Encoded batches, the same for a seed but for their times; events so many microseconds apart, and the host's health in
 * the first of so many batches.
 */
export function makeBodies(
  seed: number,
  batchSize: number,
  { count = distinctBatches, gapUs = 1000, healthEvery = 0 } = {},
): Uint8Array[] {
  const random = randomOf(seed);
  const from = Date.now() * 1000;
  return Array.from({ length: count }, (_, i) => {
    const time = from + i * batchSize * gapUs;
    const events = sampleEvents(random, batchSize, time, gapUs);
    if (healthEvery > 0 && i % healthEvery === 0) events[0] = { type: 'host.health', time };
    return encodeBatch(events as unknown as EventRow[]).data;
  });
}

export async function startCollector(folder: string, more: readonly string[] = []) {
  const args = [
    'scripts/vedette.mjs',
    'collector',
    '--json',
    '--port',
    '0',
    '--agent-port',
    '0',
    '--log-level',
    'error',
    '--data',
    folder,
    ...more,
  ];
  const child = spawn(process.execPath, args, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const {
    api,
    agents: address,
    tokenFile,
  } = JSON.parse(line) as { api: string; agents: string; tokenFile: string };
  const client = new Client({ api, token: readFileSync(tokenFile, 'utf8').trim(), ca: undefined });
  return { child, address, client, api, token: readFileSync(tokenFile, 'utf8').trim() };
}

export interface Driving {
  readonly batches: number;
  /** Events of a batch. */
  readonly batchSize: number;
  /** Batches a second; at once unless told. */
  readonly perSecond?: number;
  /** The body to begin with. */
  readonly first?: number;
}

/**
 * Sends so many batches within the credit, at once or so many a second; resolves when the last is acknowledged. Gives
 * the delays of acknowledgements in seconds, from when each was to be sent.
 */
export async function drive(
  identity: AgentIdentity,
  bodies: readonly Uint8Array[],
  stream: string,
  { batches, batchSize, perSecond = Number.POSITIVE_INFINITY, first = 0 }: Driving,
): Promise<number[]> {
  const options: ClientOptions & ConnectionOptions = {
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
    servername: collectorName,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(`wss://${identity.address}/agent`, subprotocol, options);
  await once(socket, 'open');
  socket.send(
    encodeFrame({ kind: 'hello', version: 1, pending: 0, facts: { hostname: stream, os: 'linux' } }),
  );
  const began = performance.now();
  const dueAt = (sequence: number) => began + ((sequence - 1) * 1000) / perSecond;
  const isDue = (sequence: number) => sequence <= batches && dueAt(sequence) <= performance.now();
  const sentAt: number[] = [];
  const delays: number[] = [];
  let credit = 0;
  let inFlight = 0;
  let marked = 0;
  const bodyOf = (sequence: number) => bodies[(first + sequence) % bodies.length] as Uint8Array;
  const fill = () => {
    for (let sequence = sentAt.length + 1; isDue(sequence) && inFlight < credit; sequence++) {
      const data = bodyOf(sequence);
      inFlight += data.length;
      sentAt.push(perSecond < Number.POSITIVE_INFINITY ? dueAt(sequence) : performance.now());
      socket.send(encodeFrame({ kind: 'batch', stream, sequence, collected: sequence * batchSize, data }));
    }
  };
  const pacing = setInterval(fill, paceMs);
  return new Promise((resolve, reject) => {
    socket.on('close', (status) => reject(new Error(`closed with ${status}`)));
    socket.on('message', (message: Buffer) => {
      const frame = decodeCollectorFrame(message);
      if (!frame.ok) throw frame.error;
      if (frame.value.kind === 'hello') credit = frame.value.credit;
      if (frame.value.kind === 'ack') {
        const now = performance.now();
        for (; marked < frame.value.mark; marked++) {
          inFlight -= bodyOf(marked + 1).length;
          delays.push((now - (sentAt[marked] as number)) / 1000);
        }
        if (marked === batches) {
          clearInterval(pacing);
          socket.removeAllListeners('close');
          socket.close();
          resolve(delays);
          return;
        }
      }
      fill();
    });
  });
}

/** Identities for so many hosts. */
export async function enrolHosts(client: Client, address: string, hosts: number): Promise<AgentIdentity[]> {
  const identities: AgentIdentity[] = [];
  for (let i = 0; i < hosts; i++) {
    const { token } = await client.call<{ token: string }>('POST', '/enrolment-tokens', {}, {});
    const ticket = parseToken(token);
    if (!ticket.ok) throw ticket.error;
    identities.push(await enrol(ticket.value, { hostname: `bench-${i}`, os: 'linux' }, address));
  }
  return identities;
}
