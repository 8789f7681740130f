import { hash } from 'node:crypto';
import type { KernelEvents, LinuxHost } from '../linux/host.ts';
import { fieldsOf } from '../linux/trace/format.ts';
import type { KernelTrace, TraceSource } from '../linux/trace/kernel-trace.linux.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { Emit } from '../sensor.ts';
import { type Connection, connectionEvent, netNamespaceOf, tupleOf } from './connections.ts';
import { ListeningOwners } from './listening-owners.ts';
import { SocketCalls } from './socket-calls.linux.ts';
import type { SocketTotals } from './socket-totals.linux.ts';
import { type TcpChange, tcpChangeReader, tcpState } from './tcp-changes.linux.ts';

/** Connections followed at once; of more the opening is told and the closing is not. */
const maxConnections = 65_536;
/** A connection nobody answered for so long is told of, before it is known how it ends. */
const attemptUs = 1_000_000;
/** An accepted connection waits so long for the process that takes it; then the owner of the port stands for it. */
const acceptUs = 200_000;
/** A connection may end before its process has read what came: that long its bytes count on, unless it is let go of. */
const lingerUs = 1_000_000;

/** A connection or a listening socket that the kernel told of. */
interface Socket {
  readonly socket: number;
  readonly how: Connection['how'];
  readonly openedAt: number;
  localIp: string;
  localPort: number;
  remoteIp: string;
  remotePort: number;
  ownerPid: number | undefined;
  owner: ProcessEntry | undefined;
  id: string;
  /** Its opening was told. */
  told: boolean;
  attempted: boolean;
}

/**
 * TCP from the kernel's own events. It says which thread connects, listens and closes. A connection that is accepted
 * comes about in an interrupt, in whichever thread that hits: it is given to the process whose `accept` returns next
 * among those that listen on its port; connections are accepted in the order in which they come about. Where several
 * processes accept on a port their calls may overtake one another, or be of other sockets: there the process that
 * first sends or receives on the connection is the one that took it.
 */
export class KernelConnections {
  readonly #host: LinuxHost;
  readonly #trace: KernelTrace;
  readonly #processes: KernelEvents['processes'];
  readonly #emit: Emit;
  readonly #totals: SocketTotals;
  readonly #sockets = new Map<number, Socket>();
  /** Connections of before, by their ends; the kernel's name for them is not known. */
  readonly #former = new Map<string, Connection>();
  readonly #opening = new Set<Socket>();
  readonly #unaccepted = new Set<Socket>();
  /** Ended, and not let go of by their process, with the time of the end. */
  readonly #lingering = new Map<number, { readonly socket: Socket; readonly endedAt: number }>();
  readonly #listening: ListeningOwners;
  readonly #calls: SocketCalls;
  readonly #changeSource = this.#changes();
  readonly #acceptSources = ['sys_exit_accept', 'sys_exit_accept4'].map((event) => this.#accepts(event));
  #seesAccept = false;
  #endSettling = () => {};
  /** Connections that were not followed for want of room. */
  unfollowed = 0;

  constructor(host: LinuxHost, { trace, processes }: KernelEvents, totals: SocketTotals, emit: Emit) {
    this.#totals = totals;
    this.#host = host;
    this.#trace = trace;
    this.#processes = processes;
    this.#emit = emit;
    this.#calls = new SocketCalls(trace, {
      used: (socket, tid) => this.#used(socket, tid),
      left: (socket) => this.#left(socket),
    });
    this.#listening = new ListeningOwners();
  }

  /** Takes over what was known of TCP. Gives why it cannot be had, if so. */
  start(known: Iterable<Connection>): string | undefined {
    for (const connection of known) {
      this.#former.set(tupleOf(connection), connection);
      if (connection.how === 'listening' && connection.ownerPid !== undefined) {
        this.#listening.add(connection.localPort, connection.ownerPid);
      }
    }
    if (!this.#trace.add(this.#changeSource)) return 'the kernel has no inet_sock_set_state';
    this.#seesAccept = this.#acceptSources
      .map((source) => this.#trace.add(source))
      .some((isThere) => isThere);
    this.#calls.start();
    this.#endSettling = this.#trace.afterRound((nowUs) => this.#settle(nowUs));
    return undefined;
  }

  /** Turns the events off; nothing is told after it. */
  stop(): void {
    this.#endSettling();
    this.#calls.rest();
    for (const source of [this.#changeSource, ...this.#acceptSources]) this.#trace.drop(source);
  }

  /** Ends: gives what is open, for a reader that goes on by sampling. */
  end(): Connection[] {
    for (const socket of [...this.#lingering.keys()]) this.#left(socket);
    const told = [...this.#sockets.values()].filter((socket) => socket.told);
    return [...this.#former.values(), ...told.map((socket) => this.#connectionOf(socket))];
  }

  /**
   * Compares with the sockets /proc showed at `listedAt`, after records were lost: those that are gone were closed,
   * and those of `steady` that nobody told of are open. Only in the agent's own network namespace, which is all that
   * /proc shows.
   */
  reconcile(
    present: ReadonlyMap<string, Connection>,
    steady: ReadonlyMap<string, Connection>,
    listedAt: number,
  ): void {
    const provider = 'procfs';
    this.#calls.forget();
    for (const [tuple, connection] of this.#former) {
      if (present.has(tuple)) continue;
      this.#former.delete(tuple);
      this.#emit(connectionEvent(connection, 'closed', { time: listedAt, provider }));
    }
    const known = new Set(this.#former.keys());
    for (const socket of this.#sockets.values()) {
      const connection = this.#connectionOf(socket);
      const tuple = tupleOf(connection);
      known.add(tuple);
      const isSeen = socket.told && socket.openedAt < listedAt && netNamespaceOf(socket.owner) === undefined;
      if (present.has(tuple) || !isSeen) continue;
      this.#forget(socket);
      this.#emit(
        connectionEvent(connection, 'closed', { time: listedAt, provider, openedAt: socket.openedAt }),
      );
    }
    for (const [tuple, connection] of steady) {
      if (known.has(tuple)) continue;
      this.#former.set(tuple, connection);
      this.#emit(connectionEvent(connection, connection.how, { time: listedAt, provider }));
    }
  }

  /** Whether the bytes of new connections are counted as they are sent and received. */
  get countsBytes(): boolean {
    return this.#calls.isOn;
  }

  note(): string | undefined {
    const calls = this.#calls.note();
    const unfollowed = this.unfollowed > 0 ? [`${this.unfollowed} connections were too many to follow`] : [];
    const notes = calls === undefined ? unfollowed : [calls, ...unfollowed];
    return notes.length === 0 ? undefined : notes.join('; ');
  }

  #changes(): TraceSource {
    return {
      system: 'sock',
      event: 'inet_sock_set_state',
      reader: (format) => {
        const read = tcpChangeReader(format);
        return (record) => {
          const change = read(record);
          return change && ((timeUs) => this.#changed(change, timeUs));
        };
      },
    };
  }

  #changed(change: TcpChange, timeUs: number): void {
    switch (change.to) {
      case tcpState.synSent:
        this.#opening.add(this.#begin(change, 'connected', timeUs, this.#pidOf(change)));
        return;
      case tcpState.synReceived:
        if (change.from === tcpState.listen) this.#begin(change, 'accepted', timeUs, undefined);
        return;
      case tcpState.established:
        this.#established(change, timeUs);
        return;
      case tcpState.listen:
        this.#listens(change, timeUs);
        return;
      case tcpState.finWait1:
      case tcpState.lastAck:
        this.#closing(change, timeUs);
        return;
      case tcpState.close:
        this.#closed(change, timeUs);
    }
  }

  #begin(change: TcpChange, how: Connection['how'], openedAt: number, ownerPid: number | undefined): Socket {
    const { socket, localIp, localPort, remoteIp, remotePort } = change;
    const begun: Socket = {
      socket,
      how,
      openedAt,
      localIp,
      localPort,
      remoteIp,
      remotePort,
      ownerPid,
      owner: ownerPid === undefined ? undefined : this.#host.processes.recent(ownerPid),
      id: hash('sha256', `${this.#host.boot.id} ${socket} ${openedAt} ${remotePort}`).slice(0, 20),
      told: false,
      attempted: false,
    };
    this.#leaveSets(this.#sockets.get(socket));
    this.#left(socket);
    if (this.#sockets.size < maxConnections) {
      this.#sockets.set(socket, begun);
      this.#calls.begin(socket);
    } else this.unfollowed++;
    return begun;
  }

  #established(change: TcpChange, timeUs: number): void {
    const isAccepted = change.from === tcpState.synReceived;
    const how = isAccepted ? 'accepted' : 'connected';
    const socket = this.#sockets.get(change.socket) ?? this.#begin(change, how, timeUs, undefined);
    if (socket.told) return;
    const { localIp, localPort, remoteIp, remotePort } = change;
    Object.assign(socket, { localIp, localPort, remoteIp, remotePort });
    this.#opening.delete(socket);
    if (socket.how === 'accepted') this.#unaccepted.add(socket);
    else this.#tell(socket, timeUs);
  }

  #listens(change: TcpChange, timeUs: number): void {
    const pid = this.#pidOf(change);
    if (pid !== undefined) this.#listening.add(change.localPort, pid);
    this.#tell(this.#begin(change, 'listening', timeUs, pid), timeUs);
  }

  /** This end is the first to close, or answers the other: its process does it, unless a timer does. */
  #closing(change: TcpChange, timeUs: number): void {
    const socket = this.#sockets.get(change.socket);
    if (socket === undefined) return;
    if (socket.ownerPid === undefined) this.#own(socket, this.#pidOf(change));
    if (this.#unaccepted.has(socket)) this.#tell(socket, socket.openedAt);
    else if (!socket.told) this.#tell(socket, timeUs);
  }

  #closed(change: TcpChange, time: number): void {
    const socket = this.#sockets.get(change.socket);
    if (socket === undefined) {
      this.#closedFormer(change, time);
      return;
    }
    if (this.#unaccepted.has(socket)) this.#tell(socket, socket.openedAt);
    this.#forget(socket);
    const { openedAt, how } = socket;
    if (socket.told) {
      this.#lingering.set(socket.socket, { socket, endedAt: time });
      if (how === 'listening' || !this.#calls.isOn) this.#left(socket.socket);
      if (how === 'listening' && socket.ownerPid !== undefined) {
        this.#listening.remove(socket.localPort, socket.ownerPid);
      }
    } else if (how === 'connected') {
      socket.localIp = change.localIp;
      socket.localPort = change.localPort;
      this.#emit(
        connectionEvent(this.#connectionOf(socket), 'failed', { time, provider: 'tracefs', openedAt }),
      );
    }
  }

  /** Its process let go of a connection that has ended: all that was sent and received on it is known. */
  #left(name: number): void {
    const { socket, endedAt } = this.#lingering.get(name) ?? {};
    if (socket === undefined || endedAt === undefined) return;
    this.#lingering.delete(name);
    const connection = this.#connectionOf(socket);
    const counted = this.#calls.end(name) ?? this.#totals.of(tupleOf(connection));
    const moment = { time: endedAt, provider: 'tracefs', openedAt: socket.openedAt };
    this.#emit(
      connectionEvent(connection, 'closed', socket.how === 'listening' ? moment : { ...moment, ...counted }),
    );
  }

  #closedFormer(change: TcpChange, time: number): void {
    const isListening = change.from === tcpState.listen;
    const tuple = tupleOf({ ...change, how: isListening ? 'listening' : 'connected' });
    const former = this.#former.get(tuple);
    if (former === undefined) return;
    this.#former.delete(tuple);
    if (former.how === 'listening' && former.ownerPid !== undefined) {
      this.#listening.remove(former.localPort, former.ownerPid);
    }
    const moment = { time, provider: 'tracefs', ...this.#totals.of(tuple) };
    this.#emit(connectionEvent(former, 'closed', moment));
  }

  #accepts(event: string): TraceSource {
    return {
      system: 'syscalls',
      event,
      filter: 'ret >= 0',
      reader: (format) => {
        const [tidField] = fieldsOf(format, 'common_pid');
        return (record) => {
          const tid = record.number(tidField);
          return () => this.#accepted(this.#processes.processOf(tid));
        };
      },
    };
  }

  /** A process took a connection: the one that has waited longest of those it may take. */
  #accepted(pid: number): void {
    if (this.#unaccepted.size === 0) return;
    const process = this.#host.processes.get(pid);
    for (const socket of this.#unaccepted) {
      const { localPort } = socket;
      if (socket.ownerPid !== undefined || !this.#listening.mayAccept(localPort, pid, process)) continue;
      this.#listening.accepted(localPort, pid);
      if (!this.#listening.hasSeveralSockets(localPort)) this.#own(socket, pid);
      if (!this.#calls.isOn || !this.#listening.isShared(localPort)) this.#tell(socket, socket.openedAt);
      return;
    }
  }

  /** A thread was the first to send or receive on a connection. */
  #used(name: number, tid: number): void {
    const socket = this.#sockets.get(name) ?? this.#lingering.get(name)?.socket;
    if (socket?.how !== 'accepted' || (socket.told && socket.ownerPid !== undefined)) return;
    this.#own(socket, this.#processes.processOf(tid));
    if (!socket.told) this.#tell(socket, socket.openedAt);
  }

  /** Tells what waited long enough. */
  #settle(nowUs: number): void {
    for (const socket of this.#unaccepted) {
      if (this.#seesAccept && nowUs - socket.openedAt < acceptUs) break;
      if (socket.ownerPid === undefined) this.#own(socket, this.#listening.onlyOwner(socket.localPort));
      this.#tell(socket, socket.openedAt);
    }
    for (const socket of this.#opening) {
      if (nowUs - socket.openedAt < attemptUs) break;
      this.#opening.delete(socket);
      socket.attempted = true;
      const moment = { time: socket.openedAt, provider: 'tracefs' };
      this.#emit(connectionEvent(this.#connectionOf(socket), 'attempted', moment));
    }
    for (const [name, { endedAt }] of this.#lingering) {
      if (nowUs - endedAt < lingerUs) break;
      this.#left(name);
    }
    this.#calls.settle(nowUs);
  }

  #own(socket: Socket, pid: number | undefined): void {
    if (pid === undefined) return;
    socket.ownerPid = pid;
    socket.owner = this.#host.processes.recent(pid);
  }

  #tell(socket: Socket, time: number): void {
    this.#leaveSets(socket);
    socket.told = true;
    this.#emit(connectionEvent(this.#connectionOf(socket), socket.how, { time, provider: 'tracefs' }));
  }

  #forget(socket: Socket): void {
    this.#leaveSets(socket);
    this.#sockets.delete(socket.socket);
  }

  #leaveSets(socket: Socket | undefined): void {
    if (socket === undefined) return;
    this.#opening.delete(socket);
    this.#unaccepted.delete(socket);
  }

  #pidOf(change: TcpChange): number | undefined {
    return change.inProcess && change.tid > 0 ? this.#processes.processOf(change.tid) : undefined;
  }

  #connectionOf(socket: Socket): Connection {
    const { owner } = socket;
    return { ...socket, transport: 'tcp', userId: owner?.userId, userName: owner?.userName };
  }
}
