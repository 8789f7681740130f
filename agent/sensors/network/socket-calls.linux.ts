import { fieldsOf } from '../linux/trace/format.ts';
import type { KernelTrace, TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import type { Moment } from './connections.ts';

/** Calls in a second, over some seconds, beyond which counting them costs more than it is worth. */
const maxCallsPerSecond = 3000;
const spanUs = 3_000_000;
/** How long it rests then. */
const restUs = 300_000_000;
/** MSG_PEEK: what is received so is received again. */
const peekFlag = 2;

interface Counts {
  sent: number;
  received: number;
  /** Nobody has sent or received on it yet. */
  isFresh: boolean;
}

export interface SocketCallsListener {
  /** A thread sent or received on the socket, the first to do so. */
  used(socket: number, tid: number): void;
  /** Nobody has the socket open any more. */
  left(socket: number): void;
}

/**
 * Bytes of each connection from the calls that send and receive on it (sock:sock_send_length and sock_recv_length,
 * since Linux 6.3). What a process receives through splice is not seen. A host that makes too many such calls is left
 * alone for some minutes: connections that were open then have no counts.
 */
export class SocketCalls {
  readonly #trace: KernelTrace;
  readonly #listener: SocketCallsListener;
  readonly #counts = new Map<number, Counts>();
  readonly #sources = [
    this.#source('sock_send_length', 'sent'),
    this.#source('sock_recv_length', 'received'),
    this.#leaves(),
  ];
  #isOn = false;
  #isThere = false;
  #calls = 0;
  #sinceUs = 0;

  constructor(trace: KernelTrace, listener: SocketCallsListener) {
    this.#trace = trace;
    this.#listener = listener;
  }

  start(): void {
    this.#isOn = this.#sources.every((source) => this.#trace.add(source));
    this.#isThere = this.#isOn;
  }

  /** A connection comes about: its bytes count from now on. */
  begin(socket: number): void {
    if (this.#isOn) this.#counts.set(socket, { sent: 0, received: 0, isFresh: true });
  }

  /** Whether calls are counted now. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** A connection ended: what was counted of it, if that was from its begin on. */
  end(socket: number): Pick<Moment, 'sentBytes' | 'receivedBytes' | 'bytesSource'> | undefined {
    const counts = this.#counts.get(socket);
    this.#counts.delete(socket);
    return counts && { sentBytes: counts.sent, receivedBytes: counts.received, bytesSource: 'calls' };
  }

  /** Calls were lost: what was counted is not the whole. */
  forget(): void {
    this.#counts.clear();
  }

  settle(nowUs: number): void {
    if (!this.#isThere) return;
    const wait = this.#isOn ? spanUs : restUs;
    if (nowUs - this.#sinceUs < wait && nowUs >= this.#sinceUs) return;
    const isTooMany = this.#calls / ((nowUs - this.#sinceUs) / 1e6) > maxCallsPerSecond;
    this.#calls = 0;
    this.#sinceUs = nowUs;
    if (!this.#isOn) this.start();
    else if (isTooMany) this.rest();
  }

  note(): string | undefined {
    if (!this.#isThere) return 'bytes of connections are not counted: the kernel does not tell of calls';
    return this.#isOn ? undefined : 'bytes of connections are not counted for now: too many calls';
  }

  /** Turns the counting off: what was counted so far of connections that are open is not the whole. */
  rest(): void {
    for (const source of this.#sources) this.#trace.drop(source);
    this.#counts.clear();
    this.#isOn = false;
  }

  #source(event: string, way: 'sent' | 'received'): TraceSource {
    return {
      system: 'sock',
      event,
      filter: 'protocol == 6 && ret > 0',
      reader: (format) => {
        const [socketField, bytesField, flagsField, tidField] = fieldsOf(
          format,
          'sk',
          'ret',
          'flags',
          'common_pid',
        );
        return (record) => {
          this.#calls++;
          const socket = record.low48(socketField);
          const bytes = record.number(bytesField);
          const isPeek = (record.number(flagsField) & peekFlag) !== 0;
          const tid = record.number(tidField);
          return () => {
            const counts = this.#counts.get(socket);
            if (counts === undefined) return;
            if (!isPeek) counts[way] += bytes;
            if (counts.isFresh) this.#listener.used(socket, tid);
            counts.isFresh = false;
          };
        };
      },
    };
  }

  #leaves(): TraceSource {
    return {
      system: 'tcp',
      event: 'tcp_destroy_sock',
      reader: (format) => {
        const [socketField] = fieldsOf(format, 'skaddr');
        return (record) => {
          const socket = record.low48(socketField);
          return () => this.#listener.left(socket);
        };
      },
    };
  }
}
