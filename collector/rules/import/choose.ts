import { eventSpecs } from '#shared/events/registry.gen.ts';
import { globMatches } from '#shared/glob.ts';
import {
  compileRules,
  logsourceFits,
  parseRules,
  type RuleLevel,
  type SigmaDocument,
  type ValueLists,
} from '#shared/sigma/index.ts';
import { testSuffix } from '../case-file.ts';
import { type ArchiveFile, isLicence } from './archive.ts';

export interface ImportFilter {
  /** Any of them; empty is all. */
  readonly levels: readonly RuleLevel[];
  readonly statuses: readonly string[];
  /** Globs over tags, `attack.t1059*`. */
  readonly tags: readonly string[];
  /** Rules that name no product are about all of them. */
  readonly products: readonly string[];
  /** Only what events of our sensors can match. */
  readonly onlyFed: boolean;
}

/** Why a file was passed over: one of the filters, or the code of the first error of a rule in it. */
export type SkipReason = string;

export interface Choice {
  readonly taken: readonly ArchiveFile[];
  readonly licences: readonly ArchiveFile[];
  readonly skipped: readonly { readonly path: string; readonly reason: SkipReason }[];
  /** Rules and correlations in what was taken. */
  readonly rules: number;
}

/** Picks files: one is taken whole, where every rule in it is accepted and some rule passes the filter. */
export function chooseRules(files: readonly ArchiveFile[], filter: ImportFilter, lists: ValueLists): Choice {
  const licences = files.filter(({ path }) => isLicence(path));
  const others = files.filter(({ path }) => !isLicence(path) && !testSuffix.test(path));
  const parsed = others.map((file) => ({
    file,
    ...parseRules(Buffer.from(file.bytes).toString('utf8'), file.path),
  }));
  const documents = parsed.flatMap((one) => one.documents);
  const compiled = compileRules(documents, { lists, specs: Object.values(eventSpecs) });
  const errors = new Map<string, string>();
  for (const { severity, code, file } of [...parsed.flatMap((one) => one.problems), ...compiled.problems])
    if (severity === 'error' && !errors.has(file)) errors.set(file, code);
  const taken: ArchiveFile[] = [];
  const skipped: { path: string; reason: SkipReason }[] = [];
  let rules = 0;
  for (const { file, documents: own } of parsed) {
    const meant = own.filter(({ kind }) => kind !== 'filter');
    const reasons = meant.map((document) => reasonAgainst(document, filter));
    const reason = errors.get(file.path) ?? (own.length === 0 ? 'not a rule' : undefined);
    const against = reasons.length > 0 && reasons.every((one) => one !== undefined) ? reasons[0] : undefined;
    const why = reason ?? against;
    if (why !== undefined) skipped.push({ path: file.path, reason: why });
    else {
      taken.push(file);
      rules += meant.length;
    }
  }
  return { taken, licences, skipped, rules };
}

function reasonAgainst(document: SigmaDocument, filter: ImportFilter): SkipReason | undefined {
  const { levels, statuses, tags, products, onlyFed } = filter;
  if (levels.length > 0 && !levels.includes(document.level)) return 'level';
  if (statuses.length > 0 && !statuses.includes(document.status ?? '')) return 'status';
  if (tags.length > 0 && !document.tags.some((tag) => tags.some((glob) => globMatches(glob, tag))))
    return 'tag';
  if (document.kind !== 'rule') return undefined;
  const { logsource } = document;
  const isOther = logsource.product !== undefined && !products.includes(logsource.product);
  if (products.length > 0 && isOther) return 'product';
  const product = logsource.product ?? products[0] ?? 'linux';
  const isFed = Object.values(eventSpecs).some((spec) => logsourceFits(logsource, spec, product));
  return onlyFed && !isFed ? 'not fed' : undefined;
}
