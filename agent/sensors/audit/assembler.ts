import type { AuditRecord } from './record.ts';

/** Records with one serial and time. */
export interface AuditEvent {
  readonly at: number;
  readonly serial: number;
  readonly records: readonly AuditRecord[];
}

/** Events that wait for their last record; beyond, the oldest is given as it is. */
const maxPending = 1024;
/** Records of one event; the kernel writes more only for very long arguments. */
const maxRecords = 512;
/** Characters of all records that wait. */
const maxPendingChars = 8 * 1024 * 1024;
/** An event is given as it is when nothing came for it in this time: auditd itself waits as long by default. */
const timeoutMs = 2000;

/** Types of programs (1100 to 1299 and 2000 on in linux/audit.h and libaudit.h): each is an event of its own. */
const single =
  /^(?:USER|CRED|ACCT|ADD|DEL|GRP|CHGRP|CHUSER|ROLE|LABEL|TRUSTED|SERVICE|SYSTEM|DAEMON|CRYPTO|VIRT|RESP|SOFTWARE|DEV|FS|TEST)(?:_|$)|^KERNEL$/;
/** The last record of an event of the kernel: EOE itself does not reach every reader (audit_log_exit in auditsc.c). */
const last = new Set(['PROCTITLE', 'EOE']);

interface Pending {
  readonly key: string;
  readonly records: AuditRecord[];
  readonly offset: number;
  chars: number;
  seenAtMs: number;
}

/** Puts records of one event together. They come interleaved with those of others, and some events have no end. */
export class AuditAssembler {
  readonly #onEvent: (event: AuditEvent) => void;
  readonly #pending = new Map<string, Pending>();
  #chars = 0;
  /** Records that were one too many for their event. */
  dropped = 0;

  constructor(onEvent: (event: AuditEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Events that wait for more. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Where in its file the first record of the oldest event that waits stands; undefined when none waits. */
  get waitingFrom(): number | undefined {
    for (const { offset } of this.#pending.values()) return offset;
    return undefined;
  }

  /** `offset` is where the record stands in its file. */
  add(record: AuditRecord, nowMs: number, offset = 0): void {
    const key = `${record.at}:${record.serial}`;
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      if (record.type === 'EOE') return;
      if (single.test(record.type)) {
        this.#onEvent({ at: record.at, serial: record.serial, records: [record] });
        return;
      }
      pending = { key, records: [], offset, chars: 0, seenAtMs: nowMs };
      this.#pending.set(key, pending);
    }
    pending.seenAtMs = nowMs;
    if (last.has(record.type) || pending.records.length < maxRecords) {
      if (record.type !== 'EOE') pending.records.push(record);
      pending.chars += record.body.length;
      this.#chars += record.body.length;
    } else this.dropped++;
    if (last.has(record.type)) this.#give(pending);
    while (this.#pending.size > maxPending || this.#chars > maxPendingChars) this.#giveOldest();
  }

  /** Gives what waits for nothing any more. */
  expire(nowMs: number): void {
    for (const pending of this.#pending.values()) {
      const age = nowMs - pending.seenAtMs;
      if (age >= timeoutMs || age < 0) this.#give(pending);
    }
  }

  #giveOldest(): void {
    for (const pending of this.#pending.values()) {
      this.#give(pending);
      return;
    }
  }

  #give({ key, records, chars }: Pending): void {
    this.#pending.delete(key);
    this.#chars -= chars;
    const [first] = records;
    if (first !== undefined) this.#onEvent({ at: first.at, serial: first.serial, records });
  }
}
