import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { remember } from './evidence.ts';
import { entropyOf, likelihoodOf } from './letters/likelihood.ts';
import type { Plain } from './plain.ts';
import { processFields, programOf } from './process-fields.ts';
import { registeredDomain } from './registered-domain.ts';
import { addRolling, countRolling, type RollingDistinct, roll, rollingAt } from './rolling.ts';
import { bytesText, secondsText } from './words.ts';

/** Queries for names below one domain, or names that failed. Sums of the window at hand. */
type Asked = RollingDistinct & {
  count: number;
  length: number;
  entropy: number;
  /** Of record types that carry much or that programs seldom ask for. */
  odd: number;
  score: number;
  told: number;
  ids: string[];
  names: string[];
};

const growth = 1.2;
const mostNames = 8;
const roomyTypes: ReadonlySet<string> = new Set([
  'TXT',
  'NULL',
  'CNAME',
  'MX',
  'SRV',
  'KEY',
  'TYPE10',
  'TYPE65399',
]);
/** Labels shorter than this say nothing of how they were made. */
const shortestLabel = 6;

const spec = {
  name: 'dns',
  doc: 'Data carried in DNS names, and names that a program makes up. Counts distinct names below a registered domain with their length and entropy, and distinct domains that do not exist with how likely their letters follow one another by a model of letters in words.',
  kinds: {
    tunnel: 'Many distinct names below one registered domain.',
    generated: 'Many distinct registered domains that do not exist.',
  },
  types: ['dns.query'],
  version: 2,
  parameters: {
    window_s: {
      doc: 'Length of the window; one to two of them are looked at.',
      usual: 1_800,
      least: 60,
      most: 86_400,
    },
    names: { doc: 'Fewest distinct names below a domain that are told of.', usual: 40, least: 5, most: 1e6 },
    domains: { doc: 'Fewest distinct domains that fail that are told of.', usual: 10, least: 3, most: 1e6 },
  },
  lookbackS: (p) => 2 * p['window_s']!,
  make: (context) => new Dns(context),
} as const satisfies DetectorSpec;
export const dns: DetectorSpec = spec;

class Dns implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #domains: EntityTable<Asked>;
  readonly #programs: EntityTable<Asked>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#domains = new EntityTable('domains', memory);
    this.#programs = new EntityTable('programs', memory, 50_000);
  }

  get tables() {
    return [this.#domains.stats, this.#programs.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.text('network.protocol') !== 'dns') return;
    const name = seen.text('dns.question.name')?.toLowerCase().replace(/\.$/, '') ?? '';
    const domain = registeredDomain(name);
    if (domain === undefined) return;
    if (name.length > domain.length) this.#below(domain, name, seen, tell);
    if (seen.text('dns.response_code') === 'NXDOMAIN') this.#failed(domain, seen, tell);
  }

  #below(domain: string, name: string, seen: Observation, tell: Tell): void {
    const below = name.slice(0, -domain.length - 1);
    const asked = this.#asked(this.#domains, `${seen.hostId}\0${domain}`, seen);
    asked.count++;
    asked.length += below.length;
    asked.entropy += entropyOf(below.replaceAll('.', ''));
    if (roomyTypes.has(seen.text('dns.question.type') ?? '')) asked.odd++;
    if (!addRolling(asked, below)) return;
    noteName(asked, name, seen.id);
    if (asked.count < this.#p['names']! && asked.before === null) return;
    const names = countRolling(asked);
    if (names < Math.max(this.#p['names']!, asked.told * growth)) return;
    asked.told = names;
    const length = asked.length / asked.count;
    const entropy = asked.entropy / asked.count;
    this.#tellOf('tunnel', domain, asked, seen, tell, {
      summary: `${names} names below ${domain}, ${length.toFixed(0)} characters and ${entropy.toFixed(1)} bits a character on average, ${bytesText(asked.length)} in all`,
      fields: {
        'finding.count': names,
        'finding.length': length,
        'finding.entropy': entropy,
        'finding.bytes_out': asked.length,
        'finding.ratio': asked.odd / asked.count,
        'dns.question.name': name,
      },
    });
  }

  #failed(domain: string, seen: Observation, tell: Tell): void {
    const [label = ''] = domain.split('.');
    if (label.length < shortestLabel) return;
    const who = programOf(seen) ?? '';
    const asked = this.#asked(this.#programs, `${seen.hostId}\0${who}`, seen);
    asked.count++;
    asked.score += likelihoodOf(label);
    if (!addRolling(asked, domain)) return;
    noteName(asked, domain, seen.id);
    if (asked.count < this.#p['domains']! && asked.before === null) return;
    const domains = countRolling(asked);
    if (domains < Math.max(this.#p['domains']!, asked.told * growth)) return;
    asked.told = domains;
    const score = asked.score / asked.count;
    this.#tellOf('generated', who, asked, seen, tell, {
      summary: `${who || 'A program'} asked for ${domains} domains that do not exist, such as ${asked.names.slice(-3).join(', ')}; letters follow one another with ${score.toFixed(1)} on average`,
      fields: { 'finding.count': domains, 'finding.score': score, 'dns.question.name': domain },
    });
  }

  #asked(table: EntityTable<Asked>, key: string, { time }: Observation): Asked {
    const asked = table.obtain(key, time, () => ({
      ...rollingAt(time),
      ...{ count: 0, length: 0, entropy: 0, odd: 0, score: 0, told: 0, ids: [], names: [] },
    }));
    if (roll(asked, time, this.#p['window_s']! * 1e6))
      Object.assign(asked, { count: 0, length: 0, entropy: 0, odd: 0, score: 0, told: 0 });
    return asked;
  }

  #tellOf(
    kind: string,
    entity: string,
    asked: Asked,
    seen: Observation,
    tell: Tell,
    said: { readonly summary: string; readonly fields: Readonly<Record<string, string | number>> },
  ): void {
    const span = (seen.time - asked.firstAt) / 1e6;
    tell({
      ...{ kind, entity, eventIds: [...asked.ids], firstAt: asked.firstAt, lastAt: seen.time },
      summary: `${said.summary}, within ${secondsText(span)}`,
      fields: {
        ...processFields(seen),
        ...said.fields,
        'finding.span_s': span,
        'finding.values': [...asked.names],
      },
    });
  }

  save(): Plain {
    return [this.#domains.save(), this.#programs.save()];
  }

  load(saved: Plain): void {
    const [domains, programs] = saved as readonly [Plain, Plain];
    this.#domains.load(domains);
    this.#programs.load(programs);
  }
}

function noteName(asked: Asked, name: string, id: string): void {
  remember(asked.ids, id);
  asked.names.push(name.slice(0, 255));
  if (asked.names.length > mostNames) asked.names.shift();
}
