/**
 * Loaded with `--import` into a process whose clock is to jump: moves what `Date` says by the milliseconds in the file
 * that VEDETTE_FAULT_CLOCK names, in every thread. Timers, SQLite and OpenSSL's look at certificates keep the clock of
 * the system.
 */
import { readFileSync } from 'node:fs';

const path = process.env['VEDETTE_FAULT_CLOCK'];
const SystemDate = Date;
const lookEveryMs = 50;
let offsetMs = 0;
let lookedAtMs = Number.NEGATIVE_INFINITY;

function now(): number {
  const at = performance.now();
  if (at - lookedAtMs > lookEveryMs) {
    lookedAtMs = at;
    try {
      offsetMs = Number(readFileSync(path as string, 'utf8')) || 0;
    } catch {
      offsetMs = 0;
    }
  }
  return SystemDate.now() + offsetMs;
}

class ShiftedDate extends SystemDate {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return now();
  }
}

if (path !== undefined) globalThis.Date = ShiftedDate as DateConstructor;
