/** A TCP proxy on loopback that misbehaves on demand. */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

/** `up` is towards the collector. */
export type Direction = 'up' | 'down';

interface Pair {
  readonly agent: Socket;
  readonly collector: Socket;
}

/** Slowest and smallest piece of a slow connection. */
const pieceMs = 20;

export class TcpProxy {
  readonly #server: Server;
  readonly #targetPort: () => number;
  readonly #pairs = new Set<Pair>();
  readonly #stalled = new Set<Direction>();
  /** Bytes still to pass before one is changed. */
  #corruptAfter: number | undefined;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #isDeaf = false;
  /** Bytes changed in transit so far. */
  corrupted = 0;

  private constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#server = createServer((agent) => this.#pair(agent));
  }

  /** Listens on a free port and passes on to whatever port `targetPort` gives at the time. */
  static async start(targetPort: () => number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const { agent, collector } of this.#pairs) {
      agent.resetAndDestroy();
      collector.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Takes everything and passes nothing on, either way, and says nothing of it: a half-open connection. */
  goDeaf(): void {
    this.#isDeaf = true;
  }

  /** Stops reading in one direction, so that the sender's buffers fill. */
  stall(direction: Direction): void {
    this.#stalled.add(direction);
    for (const pair of this.#pairs) this.#from(pair, direction).pause();
  }

  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Changes one byte towards the collector once so many have passed. */
  corruptAfter(bytes: number): void {
    this.#corruptAfter = bytes;
  }

  /** Behaves again. Connections that missed bytes meanwhile are cut: no TCP passes on a stream with a hole. */
  heal(): void {
    const wasDeaf = this.#isDeaf;
    this.#isDeaf = false;
    if (wasDeaf) this.cut();
    this.#stalled.clear();
    this.#corruptAfter = undefined;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    for (const { agent, collector } of this.#pairs) {
      agent.resume();
      collector.resume();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #from({ agent, collector }: Pair, direction: Direction): Socket {
    return direction === 'up' ? agent : collector;
  }

  #pair(agent: Socket): void {
    const collector = dial(this.#targetPort(), '127.0.0.1');
    const pair = { agent, collector };
    this.#pairs.add(pair);
    this.#pass(agent, collector, 'up');
    this.#pass(collector, agent, 'down');
    for (const socket of [agent, collector]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // Of a half-open connection one side does not learn that the other has gone.
        if (this.#isDeaf) return;
        this.#pairs.delete(pair);
        agent.destroy();
        collector.destroy();
      });
    }
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (data) => {
      if (this.#isDeaf) return;
      if (direction === 'up') this.#corrupt(data);
      const isTaken = to.write(data);
      if (Number.isFinite(this.#bytesPerSecond)) {
        from.pause();
        const waitMs = Math.max(pieceMs, (data.length / this.#bytesPerSecond) * 1000);
        setTimeout(() => this.#resume(from, direction), waitMs);
      } else if (!isTaken) {
        from.pause();
        to.once('drain', () => this.#resume(from, direction));
      }
    });
    from.on('end', () => {
      if (!this.#isDeaf) to.end();
    });
    if (this.#stalled.has(direction)) from.pause();
  }

  #resume(socket: Socket, direction: Direction): void {
    if (!this.#stalled.has(direction)) socket.resume();
  }

  #corrupt(data: Buffer): void {
    if (this.#corruptAfter === undefined) return;
    if (this.#corruptAfter >= data.length) {
      this.#corruptAfter -= data.length;
      return;
    }
    data[this.#corruptAfter] = (data[this.#corruptAfter] as number) ^ 0x20;
    this.#corruptAfter = undefined;
    this.corrupted++;
  }
}
