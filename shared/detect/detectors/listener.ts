import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import type { Plain } from './plain.ts';
import { processFields, programOf } from './process-fields.ts';
import { secondsText } from './words.ts';

/** What listens on a host: `PROGRAM TRANSPORT PORT`, in the order it was first seen. */
type Listeners = { firstAt: number; known: string[] };

const mostKnown = 512;
/** Ports from here on are handed out by the kernel, a different one each time. */
const firstEphemeral = 32_768;

const spec = {
  name: 'listener',
  doc: 'Programs that begin to listen on a port of a host where they never did, once the host is known. Ports that the kernel hands out count as one; of UDP only fixed ones are looked at, as every query opens a socket.',
  kinds: {
    program: 'A program listens that never did on this host.',
    port: 'A program that listens on this host does so on another port.',
  },
  types: ['network.connection'],
  version: 1,
  parameters: {
    learn_s: { doc: 'How long a host is learned.', usual: 86_400, least: 0, most: 7_776_000 },
  },
  lookbackS: (p) => p['learn_s']!,
  make: (context) => new Listener(context),
} as const satisfies DetectorSpec;
export const listener: DetectorSpec = spec;

class Listener implements RunningDetector {
  readonly #learnUs: number;
  readonly #hosts: EntityTable<Listeners>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#learnUs = parameters['learn_s']! * 1e6;
    this.#hosts = new EntityTable('hosts', memory, 20_000);
  }

  get tables() {
    return [this.#hosts.stats];
  }

  concerns(group: Observation): boolean {
    return group.texts('event.action')?.dictionary.includes('listening') ?? false;
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.text('event.action') !== 'listening') return;
    const program = programOf(seen);
    const port = seen.number('source.port');
    const transport = seen.text('network.transport') ?? '';
    if (program === undefined || port === undefined) return;
    const isEphemeral = port >= firstEphemeral;
    if (isEphemeral && transport === 'udp') return;
    const { time } = seen;
    const host = this.#hosts.obtain(seen.hostId, time, () => ({ firstAt: time, known: [] }));
    const entry = `${program}\0${transport} ${isEphemeral ? 'any' : port}`;
    if (host.known.includes(entry)) return;
    const isKnownProgram = host.known.some((one) => one.startsWith(`${program}\0`));
    host.known.push(entry);
    if (host.known.length > mostKnown) host.known.shift();
    const learned = time - host.firstAt;
    if (learned < this.#learnUs || seen.flag('event.baseline')) return;
    tell({
      kind: isKnownProgram ? 'port' : 'program',
      entity: `${program} ${transport} ${isEphemeral ? 'any' : port}`,
      summary: `${program} listens on ${transport} port ${port}, which it never did on this host in ${secondsText(learned / 1e6)}`,
      eventIds: [seen.id],
      firstAt: time,
      lastAt: time,
      fields: {
        ...processFields(seen),
        'source.ip': seen.text('source.ip'),
        'destination.port': port,
        'network.transport': transport,
        'finding.learned_s': learned / 1e6,
      },
    });
  }

  save(): Plain {
    return this.#hosts.save();
  }

  load(saved: Plain): void {
    this.#hosts.load(saved);
  }
}
