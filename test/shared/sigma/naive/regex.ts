/**
 * An expression for the runtime's own engine. Flags at the start, as PCRE has them, become flags of the whole; the
 * runtime does not take them there.
 */
export function regexOf(source: string, flags: ReadonlySet<string>): RegExp {
  const inline = /^(\(\?<?!\[\\s\\S\]\)|)(\(\?:)?\(\?([ims]+)\)/.exec(source);
  if (inline === null) return new RegExp(source, [...flags].join(''));
  const [whole, tie = '', group = '', letters = ''] = inline;
  const all = new Set([...flags, ...letters]);
  return new RegExp(tie + group + source.slice(whole.length), [...all].join(''));
}

/** At one end of the whole text, whatever `^` and `$` mean. */
export function startOnly(source: string): string {
  return `(?<![\\s\\S])(?:${source})`;
}

export function endOnly(source: string): string {
  return `(?:${source})(?![\\s\\S])`;
}
