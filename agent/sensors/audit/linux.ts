import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { type AuditAct, actOf } from './act.ts';
import { AuditAssembler, type AuditEvent } from './assembler.ts';
import { AuditConnections } from './connections.ts';
import { fileEvents } from './file-events.ts';
import { loginEvent } from './login-event.ts';
import { processEvent } from './process-event.ts';
import { parseAuditRecord } from './record.ts';
import { recordEvents } from './record-event.ts';
import { AuditSource } from './source.linux.ts';

/** Whether another sensor has its events from the kernel now. */
export type IsKernel = (sensor: 'process' | 'network') => boolean;

/**
 * Records of the Linux audit daemon, each as it is, and the events they make together. What another sensor tells
 * already is left to it: logins while a log tells them, processes and connections while the kernel does.
 */
export class AuditLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'followed';
  readonly #host: LinuxHost | undefined;
  readonly #isKernel: IsKernel;
  readonly #source: AuditSource;
  readonly #assembler = new AuditAssembler((event) => this.#tell(event));
  readonly #connections = new AuditConnections();
  readonly #kinds: ReadonlySet<string>;
  #emit: Emit = () => {};
  #lost = 0;
  #droppedBefore = 0;

  /** Without a host, as for samples, nothing is read: records only tell changes. */
  constructor(settings: Settings, host: LinuxHost | undefined, isKernel: IsKernel) {
    this.#host = host;
    this.#isKernel = isKernel;
    this.#kinds = new Set(settings.auditEvents);
    this.#source = new AuditSource(settings, host?.positions, {
      onLine: (line, offset) => {
        const record = parseAuditRecord(line);
        if (record !== undefined) this.#assembler.add(record, Date.now(), offset);
      },
      waitingFrom: () => this.#assembler.waitingFrom,
    });
  }

  async open(): Promise<string | undefined> {
    return this.#source.reason();
  }

  async look(emit: Emit): Promise<void> {
    if (this.#host === undefined) return;
    this.#emit = emit;
    const passedOver = this.#source.poll();
    this.#assembler.expire(Date.now());
    this.#tellLoss(passedOver + this.#assembler.dropped - this.#droppedBefore);
    this.#droppedBefore = this.#assembler.dropped;
    this.#host.positions.tick();
  }

  note(): string {
    const from = `from ${this.#source.name ?? 'nothing yet'}; what is recorded is up to the audit rules`;
    const { gaps } = this.#source;
    return gaps === 0 ? from : `${from}; ${gaps} times the rest of a file was gone before it was read`;
  }

  lost(): number {
    return this.#lost;
  }

  async close(): Promise<void> {
    this.#source.close();
    this.#emit = () => {};
    this.#host?.positions.save();
  }

  #tell(event: AuditEvent): void {
    const act = actOf(event);
    if (this.#kinds.has('record')) for (const one of recordEvents(act)) this.#emit(one);
    for (const one of this.#actEvents(act)) this.#emit(one);
  }

  *#actEvents(act: AuditAct): Generator<AnyEvent> {
    const host = this.#host;
    if (host === undefined) return;
    const tells = (kind: Settings['auditEvents'][number]) => this.#kinds.has(kind);
    if (act.call === undefined) {
      if (!tells('login') || host.logs.loginSource !== undefined) return;
      for (const record of act.event.records) {
        const login = loginEvent(record);
        if (login !== undefined) yield login;
      }
      return;
    }
    if (tells('file')) yield* fileEvents(act);
    const process = tells('process') && !this.#isKernel('process') ? processEvent(act, host) : undefined;
    if (process !== undefined) yield process;
    if (!tells('network') || this.#isKernel('network')) return;
    const connection = this.#connections.eventOf(act, host);
    if (connection !== undefined) yield connection;
  }

  #tellLoss(records: number): void {
    if (records <= 0) return;
    this.#lost += records;
    this.#emit({
      type: 'loss',
      time: nowUs(),
      'loss.count': records,
      'loss.reason': 'sensor-overrun',
      'loss.types': [`audit.record=${records}`],
      'loss.sensor': 'audit',
    });
  }
}
