import type { DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { entropyOf, likelihoodOf } from './letters/likelihood.ts';
import { PerText } from './per-text.ts';
import type { Plain } from './plain.ts';
import { baseName, processFields } from './process-fields.ts';

const spec = {
  name: 'entropy',
  doc: 'Programs whose names look made at random, and arguments that hold long encoded data. Looks at each start alone and remembers nothing.',
  kinds: {
    name: 'The name of the program is no word anybody would use.',
    argument: 'An argument is long and as random as encoded data.',
  },
  types: ['process.start'],
  version: 1,
  parameters: {
    name_length: { doc: 'Shortest name that is judged.', usual: 7, least: 3, most: 64 },
    name_score: {
      doc: 'Likelihood of its letters at which it is told of; see finding.score.',
      usual: -5,
      least: -16,
      most: 0,
    },
    argument_length: {
      doc: 'Shortest run of encoded characters that is judged.',
      usual: 80,
      least: 16,
      most: 4_096,
    },
    argument_entropy: { doc: 'Entropy at which it is told of.', usual: 4.5, least: 1, most: 8 },
  },
  lookbackS: () => 0,
  make: ({ parameters }) => new Entropy(parameters),
} as const satisfies DetectorSpec;
export const entropy: DetectorSpec = spec;

/** Characters of base64, its variant for addresses, and hexadecimal. */
const encodedRun = /[A-Za-z\d+/_-]{16,4096}={0,2}/g;
const mostPadding = 2;
const mostArgument = 32_768;

interface Said {
  readonly summary: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

class Entropy implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly tables = [];
  readonly #judged: PerText<Said | null>;

  constructor(parameters: Readonly<Record<string, number>>) {
    this.#p = parameters;
    this.#judged = new PerText('process.executable', (path) => this.#judgeName(path));
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.flag('event.baseline')) return;
    this.#name(seen, tell);
    this.#argument(seen, tell);
  }

  #name(seen: Observation, tell: Tell): void {
    const judged = this.#judged.of(seen);
    if (!judged) return;
    this.#tellOf('name', seen.text('process.executable')!, seen, tell, judged);
  }

  /** Null where it is a name like any other. */
  #judgeName(path: string): Said | null {
    const name = baseName(path)
      .replace(/ \(deleted\)$/, '')
      .replace(/\.[a-z\d]{1,4}$/i, '');
    if (name.length < this.#p['name_length']!) return null;
    const score = likelihoodOf(name);
    if (score > this.#p['name_score']!) return null;
    const bits = entropyOf(name);
    return {
      summary: `${path} has a name whose letters follow one another as in no word (${score.toFixed(1)}), ${bits.toFixed(1)} bits a character`,
      fields: {
        'finding.score': score,
        'finding.entropy': bits,
        'finding.length': name.length,
        'finding.value': name,
      },
    };
  }

  #argument(seen: Observation, tell: Tell): void {
    const line = seen.text('process.command_line');
    const least = this.#p['argument_length']!;
    if (line === undefined || line.length < least || !hasRun(line, least - mostPadding)) return;
    for (const [run] of line.slice(0, mostArgument).matchAll(encodedRun)) {
      if (run.length < least || !looksEncoded(run)) continue;
      const bits = entropyOf(run);
      if (bits < this.#p['argument_entropy']!) continue;
      this.#tellOf('argument', seen.text('process.executable') ?? '', seen, tell, {
        summary: `An argument of ${run.length} characters looks like encoded data, ${bits.toFixed(1)} bits a character`,
        fields: { 'finding.entropy': bits, 'finding.length': run.length, 'finding.value': run.slice(0, 128) },
      });
      return;
    }
  }

  #tellOf(kind: string, entity: string, seen: Observation, tell: Tell, said: Said): void {
    const { id, time } = seen;
    tell({
      ...{ kind, entity, summary: said.summary, eventIds: [id], firstAt: time, lastAt: time },
      fields: { ...processFields(seen), ...said.fields },
    });
  }

  save(): Plain {
    return null;
  }

  load(): void {}
}

/** Paths and names with dashes are long as well; encoded data has letters of both cases and digits, and few slashes. */
function looksEncoded(run: string): boolean {
  const slashes = run.split('/').length - 1;
  const joins = run.split(/[-_]/).length - 1;
  if (slashes > run.length / 20 || joins > run.length / 20) return false;
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run);
}

/** By code of ASCII: 1 where the character may be in encoded data. */
const isEncoded = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z\d+/_-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/**
 * Whether there are so many characters of encoded data in a row. Looks at every n-th character and back from there, as
 * Boyer and Moore search texts, so that few are looked at where runs are short.
 */
function hasRun(text: string, length: number): boolean {
  let from = 0;
  while (from + length <= text.length) {
    let at = from + length - 1;
    while (at >= from && isEncoded[text.charCodeAt(at)] === 1) at--;
    if (at < from) return true;
    from = at + 1;
  }
  return false;
}
