/** One store of events: the real journal, sealer, merging and hunting process, in a folder of its own. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeyRing, makeKeyFile } from '../../../collector/encryption/key-ring.ts';
import { SqlEngine } from '../../../collector/store/events/sql/engine.ts';
import type { BatchRecord, JournalWriter } from '../../../collector/store/journal/contract.ts';
import { openDatabase } from '../../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { Compactor } from '../../../collector/store/segments/compactor.ts';
import { Manifest } from '../../../collector/store/segments/manifest.ts';
import { Sealer } from '../../../collector/store/segments/sealer.ts';
import { SealerThread } from '../../../collector/store/segments/sealer-thread.ts';
import { removeFiles } from '../../../collector/store/segments/sweep.ts';

export interface Spent {
  seconds: number;
  cpuS: number;
  rows: number;
}

export interface Asked {
  readonly seconds: number;
  /** Of the hunting process, all its threads. */
  readonly cpuS: number;
}

const sealBytes = 1 << 30;
/** Of the collector's defaults. */
const huntMemoryBytes = 512 * 1024 ** 2;

export class BenchStore {
  readonly name: string;
  readonly sealing: Spent = { seconds: 0, cpuS: 0, rows: 0 };
  readonly merging: Spent = { seconds: 0, cpuS: 0, rows: 0 };
  readonly writer: JournalWriter;
  readonly #place: string;
  readonly #keyFile: string;
  readonly #sealEvents: number;
  readonly #tell: (what: string) => void;
  readonly #db: ReturnType<typeof openDatabase>;
  readonly #manifest: Manifest;
  readonly #sealer: Sealer;
  readonly #compactor: Compactor;
  #engine: SqlEngine | undefined;
  #merges = 0;

  constructor(
    place: string,
    options: { name: string; isEncrypted: boolean; sealEvents: number; tell: (what: string) => void },
  ) {
    const { name, isEncrypted, sealEvents, tell } = options;
    mkdirSync(join(place, 'segments'), { recursive: true });
    this.name = name;
    this.#place = place;
    this.#sealEvents = sealEvents;
    this.#tell = tell;
    this.#keyFile = isEncrypted ? join(place, 'keys') : '';
    if (isEncrypted) makeKeyFile(this.#keyFile);
    const ring = new KeyRing(this.#keyFile);
    const journal = join(place, 'journal.db');
    this.writer = openJournalWriter(journal, undefined, ring);
    this.#db = openDatabase(journal, false);
    this.#manifest = new Manifest(this.#db);
    this.#sealer = new Sealer(this.#db, join(place, 'segments'), ring);
    this.#compactor = new Compactor(this.#db, join(place, 'segments'), ring);
  }

  get totals() {
    return this.#manifest.totals();
  }

  async append(records: readonly BatchRecord[]): Promise<void> {
    await this.writer.append(records);
  }

  /** What is in the journal, its last batch aside. */
  seal(): void {
    measured(this.sealing, () => {
      const bounds = { maxEvents: this.#sealEvents, maxBytes: sealBytes };
      return this.#sealer.run(Number.MAX_SAFE_INTEGER, bounds, Date.now() * 1000)?.events ?? 0;
    });
  }

  /** Merges what is worth it as of that time, and removes what was merged, which the disk may have no room for. */
  merge(nowUs: number): void {
    measured(this.merging, () => {
      let rows = 0;
      for (;;) {
        const merged = this.#compactor.step(nowUs + this.#merges++);
        if (merged === undefined) return rows;
        rows += merged.rows;
        const gone = removeFiles(
          join(this.#place, 'segments'),
          this.#manifest.garbage(Number.MAX_SAFE_INTEGER),
        );
        this.#manifest.forgetGarbage(gone);
      }
    });
  }

  async ask(sql: string): Promise<Asked> {
    this.#engine ??= this.#open();
    const engine = this.#engine;
    const cpuBefore = cpuOf(engine.pid);
    const began = performance.now();
    await engine.query(sql);
    return { seconds: (performance.now() - began) / 1000, cpuS: cpuOf(engine.pid) - cpuBefore };
  }

  #open(): SqlEngine {
    return new SqlEngine({
      entry: new URL('../../../collector/hunt.process.ts', import.meta.url),
      folder: this.#place,
      ...{ threads: 2, memoryBytes: huntMemoryBytes, spillBytes: 1024 ** 3, keyFile: this.#keyFile },
      hostNames: async () => [],
      log: (what, detail) => this.#tell(`${what} ${JSON.stringify(detail)}`),
    });
  }

  /** The thread that seals and merges in the collector, from now on. */
  startSealing(): { close(): Promise<void> } {
    const options = {
      journalPath: join(this.#place, 'journal.db'),
      keyFile: this.#keyFile,
      controlPath: join(this.#place, 'control.db'),
      folder: join(this.#place, 'segments'),
      ...{ sealEvents: this.#sealEvents, sealMs: 300_000, graceMs: 900_000 },
      retention: { days: 0, daysByType: {}, maxBytes: 0 },
    };
    const entry = new URL('../../../collector/sealer.worker.ts', import.meta.url);
    const sealer = new SealerThread(entry, options, {
      onSealed: () => undefined,
      onProblem: this.#tell,
      onEnd: (error) => this.#tell(error.message),
    });
    sealer.sealable(Number.MAX_SAFE_INTEGER);
    return sealer;
  }

  async close(): Promise<void> {
    await this.#engine?.close();
    await this.writer.close();
    this.#db.close();
  }
}

function measured(spent: Spent, work: () => number): void {
  const cpu = process.cpuUsage();
  const began = performance.now();
  spent.rows += work();
  spent.seconds += (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  spent.cpuS += (user + system) / 1e6;
}

/** Seconds on a processor of all threads of a process so far (Linux schedstat); 0 where there is none. */
function cpuOf(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ns / 1e9;
}
