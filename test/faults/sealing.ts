/** Kills a sealer at random moments while batches arrive: what is stored must be what was appended, every time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventRow } from '#shared/schema/columns.ts';
import { openDatabase } from '../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { Manifest } from '../../collector/store/segments/manifest.ts';
import { randomOf, sampleEvents } from '../../scripts/bench/sample-events.ts';
import { append, everything } from '../collector/store/segments/stored.ts';

export interface SealingOutcome {
  readonly kills: number;
  readonly events: number;
  /** Events that were not there once, as they were appended, when it was looked. */
  readonly wrong: number;
  /** Runs of sealing and merges that were committed. */
  readonly sealed: number;
  readonly merged: number;
}

const batchEvents = 40;
const batchesARound = 30;
/** Rounds between looks at everything. */
const lookEvery = 10;

function start(folder: string): ChildProcess {
  const script = join(import.meta.dirname, 'sealing-worker.ts');
  return spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
}

export async function killSealers(folder: string, kills: number, seed: number): Promise<SealingOutcome> {
  const segments = join(folder, 'segments');
  mkdirSync(segments, { recursive: true });
  const writer = openJournalWriter(join(folder, 'journal.db'));
  const db = openDatabase(join(folder, 'journal.db'), true);
  const random = randomOf(seed);
  const expected = new Map<string, string[]>();
  let sequence = 1;
  let wrong = 0;
  let sealed = 0;
  let merged = 0;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const batches = Array.from(
        { length: batchesARound },
        (_, i) => sampleEvents(random, batchEvents, 1_790_000_000_000_000 + (sequence + i) * 1e6) as unknown,
      ) as EventRow[][];
      const begun = performance.now();
      const sealer = start(folder);
      let isUp = false;
      sealer.stdout?.on('data', (dots: Buffer) => {
        isUp = true;
        sealed += dots.length;
      });
      for (let i = 0; i < batches.length; i++) {
        const events = [batches[i] as EventRow[]];
        await append(writer, events, { sequence, collected: (sequence - 1) * batchEvents });
        sequence++;
        await sleep(2);
      }
      // From its start to some way into its work, whatever that is then and however busy the machine is.
      if (random() < 0.1) await sleep(random() * 700);
      else {
        while (!isUp) await sleep(10);
        await sleep(random() * Math.max(700, performance.now() - begun));
      }
      while (kill === kills && mergedNow() === 0) await sleep(10);
      const ended = once(sealer, 'exit');
      sealer.kill('SIGKILL');
      await ended;
      merged = Math.max(merged, mergedNow());
      if (kill % lookEvery === 0 || kill === kills) wrong += await look();
    }
    return { kills, events: expected.size, wrong, sealed, merged };
  } finally {
    db.close();
    await writer.close();
  }

  function mergedNow(): number {
    return new Manifest(db).list().filter(({ path }) => path.includes('merged')).length;
  }

  async function look(): Promise<number> {
    db.exec('BEGIN');
    const stored = await everything(db, segments);
    db.exec('COMMIT');
    const should = (sequence - 1) * batchEvents;
    let bad = Math.max(0, should - stored.size);
    for (const [id, copies] of stored) {
      const known = expected.get(id);
      if (copies.length !== 1 || (known !== undefined && known[0] !== copies[0])) bad++;
      expected.set(id, copies);
    }
    return bad;
  }
}
