/** The public rules as both engines take them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { eventSpecs } from '../../../../shared/events/registry.gen.ts';
import { type CompiledRule, compileRules, parseRules } from '../../../../shared/sigma/index.ts';
import { makeTempFolder } from '../../../temp.ts';
import { type Detection, type Lists, naiveTester } from '../naive/engine.ts';

const archive = join(import.meta.dirname, '../../../../../shared/sigma/sigmahq.tar.gz');
/** Why the public rules cannot be tried here; false when they can. */
export const skip = existsSync(archive) ? false : 'the public rules are not here';

export interface PublicRule {
  readonly id: string;
  readonly file: string;
  readonly detection: Detection;
  readonly compiled: CompiledRule;
  /** The naive engine's reading. */
  readonly holds: ReturnType<typeof naiveTester>;
}

export interface PublicRules {
  readonly accepted: readonly PublicRule[];
  readonly refused: number;
  /** Values for every placeholder the rules name. */
  readonly lists: Lists;
}

interface RuleText {
  readonly file: string;
  readonly text: string;
}

/** Reads the archive beside the checkout with both engines' readers; theirs is not ours. */
export function readPublicRules(): PublicRules {
  const folder = makeTempFolder('sigma-');
  try {
    execFileSync('tar', ['xzf', archive, '-C', folder]);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const rules = files.filter((file) => /^(?:rules|unsupported).*\.yml$/.test(file)).sort();
    const texts = rules.map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
    // What collections come to is not what any of their documents says.
    return bothReadings(texts.filter(({ text }) => !/^action:/m.test(text)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bothReadings(texts: readonly RuleText[]): PublicRules {
  const lists = listsFor(texts);
  const parsed = texts.map(({ file, text }) => parseRules(text, file));
  const { ruleSet } = compileRules(
    parsed.flatMap((p) => p.documents),
    { specs: Object.values(eventSpecs), lists: new Map(Object.entries(lists)) },
  );
  const plain = new Map(texts.flatMap(plainDetections));
  const accepted = ruleSet.rules.map((compiled): PublicRule => {
    const { id, file } = compiled.rule;
    const detection = plain.get(`${file} ${id}`);
    if (detection === undefined) throw new Error(`${file}: the two readers see different documents`);
    return { id, file, detection, compiled, holds: naiveTester(detection, lists) };
  });
  const documents = parsed.reduce((sum, p) => sum + p.documents.length + p.refused, 0);
  return { accepted, refused: documents - accepted.length, lists };
}

function plainDetections({ file, text }: RuleText): [string, Detection][] {
  return parseAllDocuments(text).flatMap((document): [string, Detection][] => {
    const { id, detection } = (document.toJS() ?? {}) as { id?: string; detection?: Detection };
    return detection === undefined ? [] : [[`${file} ${id}`, detection]];
  });
}

function listsFor(texts: readonly RuleText[]): Lists {
  const names = texts.flatMap(({ text }) =>
    /\|expand/.test(text) ? [...text.matchAll(/%([^%\s\\]+)%/g)].map((m) => m[1]!) : [],
  );
  return Object.fromEntries(names.map((name) => [name, [`${name}-1`, `${name}*x`]]));
}
