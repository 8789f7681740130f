import { isLocalAddress } from './address.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { remember } from './evidence.ts';
import { KeyMemory } from './key-memory.ts';
import type { Plain } from './plain.ts';
import { processFields, programOf } from './process-fields.ts';
import { addToUsual, noUsual, type Usual, usualOf } from './usual.ts';
import { bytesText, secondsText } from './words.ts';

/** Bytes within a sliding window, in buckets of equal length. Times in microseconds. */
type Sent = {
  /** Number of the bucket, bytes out, bytes in; one after another, oldest first. */
  buckets: number[];
  ids: string[];
  /** Bytes at the last finding. */
  told: number;
  toldAt: number;
};

const bucketCount = 12;
/** Told again when there are this many times the bytes. */
const growth = 1.5;

const spec = {
  name: 'exfiltration',
  doc: 'Bytes that programs send to other machines on connections they opened, in sliding windows: how many, how many for each one received, and how many more than is usual for the program on this host. A connection counts when it ends.',
  kinds: {
    destination: 'One program to one destination.',
    program: 'One program to all destinations, more than is usual for it on this host.',
    host: 'All programs of a host together, more than is usual for it.',
  },
  types: ['network.connection'],
  version: 1,
  parameters: {
    window_s: { doc: 'Length of the window.', usual: 3_600, least: 60, most: 604_800 },
    bytes: { doc: 'Fewest bytes that are told of.', usual: 10_485_760, least: 1, most: 1e15 },
    factor: {
      doc: 'How many times the usual bytes of a program or host must be to be told of.',
      usual: 5,
      least: 1,
      most: 1e6,
    },
    learn_windows: {
      doc: 'Windows with traffic of which the usual must be known before it counts.',
      usual: 12,
      least: 1,
      most: 10_000,
    },
  },
  lookbackS: (p) => p['window_s']! * (p['learn_windows']! + 1),
  make: (context) => new Exfiltration(context),
} as const satisfies DetectorSpec;
export const exfiltration: DetectorSpec = spec;

class Exfiltration implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #bucketUs: number;
  readonly #keys = new KeyMemory();
  readonly #sent: EntityTable<Sent>;
  readonly #usual: EntityTable<Usual>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#bucketUs = (parameters['window_s']! * 1e6) / bucketCount;
    this.#sent = new EntityTable('windows', memory);
    this.#usual = new EntityTable('usual', memory);
  }

  get tables() {
    return [this.#sent.stats, this.#usual.stats];
  }

  concerns(group: Observation): boolean {
    return group.texts('event.action')?.dictionary.includes('closed') ?? false;
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.text('event.action') !== 'closed' || !seen.flag('network.initiated')) return;
    const out = seen.number('source.bytes') ?? 0;
    const back = seen.number('destination.bytes') ?? 0;
    const ip = seen.text('destination.ip');
    if (out + back <= 0 || ip === undefined || isLocalAddress(ip)) return;
    const program = programOf(seen) ?? 'unknown';
    const host = seen.hostId;
    const key = this.#keys.of(host, program);
    this.#count('destination', `${key}\0${ip}`, out, back, seen, tell);
    this.#count('program', key, out, back, seen, tell);
    this.#count('host', host, out, back, seen, tell);
  }

  #count(
    kind: 'destination' | 'program' | 'host',
    key: string,
    out: number,
    back: number,
    seen: Observation,
    tell: Tell,
  ): void {
    const { time } = seen;
    const sent = this.#sent.obtain(key, time, () => ({ buckets: [], ids: [], told: 0, toldAt: 0 }));
    const bucket = Math.floor(time / this.#bucketUs);
    addToBuckets(sent.buckets, bucket, out, back);
    remember(sent.ids, seen.id);
    const usual = kind === 'destination' ? undefined : this.#usual.obtain(key, time, () => noUsual(time));
    const windowUs = this.#bucketUs * bucketCount;
    if (usual !== undefined) addToUsual(usual, time, windowUs, out);
    // A window later it is news again.
    if (time - sent.toldAt > windowUs) sent.told = 0;
    const [totalOut, totalIn] = totals(sent.buckets);
    if (totalOut < Math.max(this.#p['bytes']!, sent.told * growth)) return;
    const known = usual && usualOf(usual);
    const isKnown = usual !== undefined && usual.windows >= this.#p['learn_windows']!;
    if (usual !== undefined && (!isKnown || totalOut < known! * this.#p['factor']!)) return;
    sent.told = totalOut;
    sent.toldAt = time;
    const ip = kind === 'destination' ? seen.text('destination.ip') : undefined;
    const who = kind === 'host' ? 'all programs' : (programOf(seen) ?? 'a program that is not known');
    const window = secondsText(windowUs / 1e6);
    const than = known === undefined ? '' : `, ${bytesText(Math.round(known))} being usual`;
    const firstAt = sent.buckets[0]! * this.#bucketUs;
    const ratio = totalOut / Math.max(1, totalIn);
    tell({
      kind,
      entity: kind === 'host' ? 'host' : ip === undefined ? who : `${who} ${ip}`,
      summary: `${who} sent ${bytesText(totalOut)}${ip === undefined ? '' : ` to ${ip}`} within ${window} and received ${bytesText(totalIn)}${than}`,
      eventIds: [...sent.ids],
      firstAt: Math.min(firstAt, time),
      lastAt: time,
      fields: {
        ...(kind === 'host' ? {} : processFields(seen)),
        'finding.bytes_out': totalOut,
        'finding.bytes_in': totalIn,
        'finding.ratio': ratio,
        'finding.span_s': windowUs / 1e6,
        ...(usual !== undefined && {
          'finding.usual': known,
          'finding.factor': totalOut / Math.max(1, known!),
          'finding.learned_s': (time - usual.firstAt) / 1e6,
        }),
        ...(ip !== undefined && {
          'destination.ip': ip,
          'destination.port': seen.number('destination.port'),
        }),
      },
    });
  }

  save(): Plain {
    return [this.#sent.save(), this.#usual.save()];
  }

  load(saved: Plain): void {
    const [sent, usual] = saved as readonly [Plain, Plain];
    this.#sent.load(sent);
    this.#usual.load(usual);
  }
}

/** Adds to the bucket, wherever in order it stands; what a window has left behind goes. */
function addToBuckets(buckets: number[], bucket: number, out: number, back: number): void {
  const newest = Math.max(bucket, buckets.at(-3) ?? bucket);
  if (bucket <= newest - bucketCount) return;
  let at = buckets.length;
  while (at > 0 && buckets[at - 3]! >= bucket) at -= 3;
  if (buckets[at] === bucket) {
    buckets[at + 1]! += out;
    buckets[at + 2]! += back;
  } else buckets.splice(at, 0, bucket, out, back);
  while (buckets.length > 0 && buckets[0]! <= newest - bucketCount) buckets.splice(0, 3);
}

function totals(buckets: readonly number[]): readonly [out: number, back: number] {
  let out = 0;
  let back = 0;
  for (let at = 0; at < buckets.length; at += 3) {
    out += buckets[at + 1]!;
    back += buckets[at + 2]!;
  }
  return [out, back];
}
