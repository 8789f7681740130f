/** Characters of one stanza; a longer one is skipped. */
const maxStanza = 1024 * 1024;

/**
 * Stanzas (paragraphs between empty lines, as in deb822(5) and apk's database) of a text that comes in chunks.
 * Bytes are taken as they come and decoded by whole chunks, UTF-8 with invalid bytes as U+FFFD.
 */
export async function* stanzasOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const end = rest.lastIndexOf('\n\n');
    if (end >= 0) {
      yield rest.slice(0, end).split(/\n\n+/);
      rest = rest.slice(end + 2);
    }
    if (rest.length > maxStanza) rest = '';
  }
  if (rest.trim() !== '') yield [rest];
}

/** Value of a one-line field of a stanza, e.g. `Version`; `separator` is `: ` for deb822 and `:` for apk. */
export function stanzaField(stanza: string, name: string, separator = ': '): string | undefined {
  const head = `${name}${separator}`;
  let at = stanza.startsWith(head) ? 0 : stanza.indexOf(`\n${head}`);
  if (at < 0) return undefined;
  at += stanza.startsWith(head) ? head.length : head.length + 1;
  const end = stanza.indexOf('\n', at);
  const value = stanza.slice(at, end < 0 ? undefined : end).trim();
  return value === '' ? undefined : value;
}
