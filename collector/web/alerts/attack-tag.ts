/** What a Sigma tag says to a person: `attack.t1059.004` is T1059.004, `attack.initial-access` is Initial access. */
export function tagWords(tag: string): string {
  const [, name] = /^attack\.(.+)$/i.exec(tag) ?? [];
  if (name === undefined) return tag;
  if (/^[tsg]\d{4}/i.test(name)) return name.toUpperCase();
  const words = name.replaceAll(/[-_]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function isAttack(tag: string): boolean {
  return tag.toLowerCase().startsWith('attack.');
}

/** Id of the technique a tag names, e.g. `T1059.004`. */
export function techniqueIn(tag: string): string | undefined {
  return /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase();
}
