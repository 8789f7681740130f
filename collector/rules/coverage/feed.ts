import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type CompiledRule, logsourceFits, Matcher } from '#shared/sigma/index.ts';

/** How far events of our sensors can make a rule match. */
export type Feed =
  /** Events of these types can. */
  | { readonly fed: true; readonly types: readonly string[] }
  /** `logsource`: no sensor makes what it is about. `fields`: some do, without the fields it needs. */
  | { readonly fed: false; readonly why: 'logsource' | 'fields' };

/** Products that a rule without one is tried on. */
const usualProducts = ['linux', 'windows', 'macos'];

export function feedOf(compiled: CompiledRule): Feed {
  const { logsource } = compiled.rule;
  const products = logsource.product === undefined ? usualProducts : [logsource.product];
  const specs = Object.values(eventSpecs);
  const meant = specs.filter((spec) => products.some((product) => logsourceFits(logsource, spec, product)));
  if (meant.length === 0) return { fed: false, why: 'logsource' };
  const matcher = new Matcher([compiled], meant, () => undefined);
  const types = meant
    .map(({ name }) => name)
    .filter((name) => products.some((product) => matcher.concerns(name, product)));
  return types.length > 0 ? { fed: true, types } : { fed: false, why: 'fields' };
}
