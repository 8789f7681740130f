/** Spoilt frames, and bytes that are no frames at all, against the socket of a collector in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ConnectionOptions, connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { catalogue } from '#shared/errors.ts';
import { decodeCollectorFrame, encodeFrame, subprotocol } from '#shared/protocol/frames.ts';
import { collectorName, parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { Client } from '../../collector/cli/client.ts';
import { makeCorpus } from './corpus.ts';
import { mutated } from './mutate.ts';

export interface LiveFindings {
  readonly frames: number;
  readonly connections: number;
  readonly accepted: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  /** Ends without a code of the catalogue, and what else must not be. */
  readonly faults: readonly string[];
  /** Resident memory of the collector at the end less that after a fifth. */
  readonly growthBytes: number;
  readonly residentBytes: number;
}

const top = join(import.meta.dirname, '../..');
/** A spoilt frame that is a valid text to WebSocket gets this share. */
const textShare = 0.02;
const beforeHelloShare = 0.2;
/** Connections of garbage below WebSocket, after the frames. */
const rawConnections = 100;
const answerMs = 30_000;
/** So that what the collector takes is what it needs: V8 lets a heap grow while there is room, needed or not. */
const heapFlags = ['--max-semi-space-size=1', '--max-old-space-size=128'];
/** The neighbour gives a sign of life after so many frames, as an agent does every so many seconds. */
const neighbourEvery = 50;
const ping = encodeFrame({ kind: 'ping', sentAt: 1, pending: 0 });

async function startCollector(folder: string) {
  const args = [
    ...heapFlags,
    'scripts/vedette.mjs',
    'collector',
    '--json',
    '--port',
    '0',
    '--agent-port',
    '0',
  ];
  const child = spawn(process.execPath, [...args, '--log-level', 'error', '--data', folder], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { api, agents, tokenFile } = JSON.parse(line) as Record<'api' | 'agents' | 'tokenFile', string>;
  const client = new Client({ api, token: readFileSync(tokenFile, 'utf8').trim(), ca: undefined });
  return { child, address: agents, client };
}

async function enrolled(client: Client): Promise<AgentIdentity> {
  const { token } = await client.call<{ token: string }>('POST', '/enrolment-tokens', {}, {});
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  return enrol(ticket.value, { hostname: 'fuzz', os: 'linux' });
}

/** Resident bytes, as the kernel counts them; Linux only, elsewhere 0. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A connection that has said hello, or not. */
class Peer {
  readonly #socket: WebSocket;
  #end: { readonly status: number; readonly reason: string } | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', (status, reason) => {
      this.#end = { status, reason: reason.toString() };
    });
  }

  static async open(address: string, identity: AgentIdentity, sayHello: boolean): Promise<Peer> {
    const options: ClientOptions & ConnectionOptions = {
      ca: identity.ca,
      cert: identity.certificate,
      key: identity.key,
      servername: collectorName,
      perMessageDeflate: false,
    };
    const socket = new WebSocket(`wss://${address}/agent`, subprotocol, options);
    const peer = new Peer(socket);
    await once(socket, 'open');
    if (sayHello) {
      const facts = { hostname: 'fuzz', os: 'linux' };
      socket.send(encodeFrame({ kind: 'hello', version: 1, pending: 0, facts, features: ['commands'] }));
    }
    return peer;
  }

  /** Sends it and a ping behind it: `taken` when that is answered, else how the connection ended. */
  async offer(data: Buffer, asText: boolean): Promise<'taken' | { status: number; reason: string }> {
    const socket = this.#socket;
    const ended = Promise.withResolvers<'ended'>();
    const answered = Promise.withResolvers<'taken'>();
    const listen = (message: Buffer) => {
      const frame = decodeCollectorFrame(message);
      if (frame.ok && frame.value.kind === 'ping') answered.resolve('taken');
    };
    socket.on('message', listen);
    const close = () => ended.resolve('ended');
    socket.once('close', close);
    if (this.#end === undefined) {
      if (asText) socket.send(data.toString('latin1'));
      else socket.send(data);
      socket.send(ping);
    } else ended.resolve('ended');
    const timer = setTimeout(() => socket.terminate(), answerMs);
    const outcome = await Promise.race([answered.promise, ended.promise]);
    clearTimeout(timer);
    socket.off('message', listen).off('close', close);
    return outcome === 'taken' ? 'taken' : (this.#end as { status: number; reason: string });
  }

  close(): void {
    this.#socket.terminate();
  }
}

function codeOf({
  status,
  reason,
}: {
  readonly status: number;
  readonly reason: string;
}): string | undefined {
  if (Object.hasOwn(catalogue, reason)) return reason;
  // ws itself ends a connection whose message is too long, without a reason; the status is the one of the catalogue.
  return status === catalogue['wire.frame_too_large'].close ? 'wire.frame_too_large' : undefined;
}

/** Garbage over TLS: requests that are none, upgrades that break off, WebSocket frames that claim sizes beyond all bounds. */
async function sendGarbage(address: string, identity: AgentIdentity, random: () => number): Promise<void> {
  const [host, port] = address.split(':') as [string, string];
  const options = {
    host,
    port: Number(port),
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
  };
  const socket = connect({ ...options, servername: collectorName, minVersion: 'TLSv1.3' });
  socket.on('error', () => undefined);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'secureConnect').catch(() => undefined), ended]);
  const head = `GET /agent HTTP/1.1\r\nHost: ${collectorName}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n`;
  const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)));
  const claim = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
  const parts = [noise, head, `${head}\r\n`];
  socket.write(parts[Math.floor(random() * parts.length)] as string | Buffer);
  if (random() < 0.5) socket.write(claim);
  else socket.write(noise);
  setTimeout(() => socket.destroy(), 100);
  await ended;
}

export async function fuzzLive(
  folder: string,
  frames: number,
  random: () => number,
  tell: (done: number) => void,
): Promise<LiveFindings> {
  const { child, address, client } = await startCollector(folder);
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  try {
    const [identity, neighbourIdentity] = [await enrolled(client), await enrolled(client)];
    const neighbour = await Peer.open(address, neighbourIdentity, true);
    const refused: Record<string, number> = {};
    const faults: string[] = [];
    const seeds = makeCorpus().frames;
    let [accepted, connections, before] = [0, 0, 0];
    let peer: Peer | undefined;
    for (let n = 0; n < frames && !isGone(); n++) {
      const sayHello = random() >= beforeHelloShare;
      if (peer === undefined) connections++;
      peer ??= await Peer.open(address, identity, sayHello);
      const { bytes, how } = mutated({ random, seeds });
      const end = await peer.offer(bytes, random() < textShare);
      if (end === 'taken') accepted++;
      else {
        const code = codeOf(end);
        if (code === undefined)
          faults.push(
            `${how}: closed with ${end.status} ${end.reason}: ${bytes.toString('base64').slice(0, 500)}`,
          );
        else refused[code] = (refused[code] ?? 0) + 1;
        peer = undefined;
      }
      if (n === Math.floor(frames / 5)) before = residentBytes(child);
      if (n % neighbourEvery === 0) await neighbour.offer(ping, false);
      if (n % 500 === 0) tell(n);
    }
    peer?.close();
    for (let n = 0; n < rawConnections && !isGone(); n++) await sendGarbage(address, identity, random);
    if ((await neighbour.offer(ping, false)) !== 'taken')
      faults.push('The neighbour that said nothing wrong is not served any more.');
    neighbour.close();
    if (isGone()) faults.push(`The collector ended: ${child.exitCode ?? child.signalCode}.`);
    const status = await client.get<{ hosts: { unaccounted: number; duplicates: number }[] }>('/status');
    if (status.hosts.some((host) => host.duplicates !== 0)) faults.push('An event is stored twice.');
    const resident = residentBytes(child);
    return {
      frames,
      connections,
      accepted,
      refusedByCode: refused,
      faults,
      growthBytes: resident - before,
      residentBytes: resident,
    };
  } finally {
    child.kill('SIGKILL');
  }
}
