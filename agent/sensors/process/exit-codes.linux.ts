import { fieldsOf } from '../linux/trace/format.ts';
import type { TraceSource } from '../linux/trace/kernel-trace.linux.ts';

/** Signals that end nothing by default, or stop rather than end (signal(7)), on every architecture Node runs on. */
const harmlessSignals = [17, 18, 19, 20, 21, 22, 23, 28];
/** What shells add to the number of a signal. */
const signalBase = 128;

/** With what code processes end, from the call by which they do or the signal that ends them. */
export class ExitCodes {
  readonly #codes = new Map<number, number>();
  readonly #processOf: (tid: number) => number | undefined;

  /** `processOf` gives the process of a thread; undefined for one that is not known. */
  constructor(processOf: (tid: number) => number | undefined) {
    this.#processOf = processOf;
  }

  sources(): TraceSource[] {
    return [this.#given(), this.#deadlySignals()];
  }

  /** The code of a process that has ended, and forgets it. */
  take(pid: number): number | undefined {
    const code = this.#codes.get(pid);
    this.#codes.delete(pid);
    return code;
  }

  #given(): TraceSource {
    return {
      system: 'syscalls',
      event: 'sys_enter_exit_group',
      reader: (format) => {
        const [codeField, tidField] = fieldsOf(format, 'error_code', 'common_pid');
        return (record) => {
          const tid = record.number(tidField);
          const code = Number(record.bits(codeField) & 0xffn);
          return () => {
            const pid = this.#processOf(tid);
            if (pid !== undefined) this.#codes.set(pid, code);
          };
        };
      },
    };
  }

  #deadlySignals(): TraceSource {
    return {
      system: 'signal',
      event: 'signal_deliver',
      filter: ['sa_handler == 0', ...harmlessSignals.map((n) => `sig != ${n}`)].join(' && '),
      reader: (format) => {
        const [signalField, tidField] = fieldsOf(format, 'sig', 'common_pid');
        return (record) => {
          const tid = record.number(tidField);
          const signal = record.number(signalField);
          return () => {
            const pid = this.#processOf(tid);
            // The other threads of a process that ends are told to by a signal too.
            if (pid !== undefined && !this.#codes.has(pid)) this.#codes.set(pid, signalBase + signal);
          };
        };
      },
    };
  }
}
