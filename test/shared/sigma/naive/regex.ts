/**
 * An expression for the runtime's own engine. Flags at the start, as PCRE has them, become flags of the whole; the
 * runtime does not take them there.
 */
export function regexOf(source: string, flags: ReadonlySet<string>): RegExp {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const all = new Set([...flags, ...(inline?.[1] ?? '')]);
  return new RegExp(source.slice(inline?.[0].length ?? 0), [...all].join(''));
}
