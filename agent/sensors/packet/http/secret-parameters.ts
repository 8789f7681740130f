/** Names of parameters whose values are secrets by what they are called. */
const secretName =
  /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|apikey|auth|credentials?|session(?:id)?|sid|signature|sig|jwt|key)$/i;
const redacted = 'REDACTED';

/** A query string with the values of secret parameters taken out. */
export function withoutSecrets(query: string): string {
  if (!query.includes('=')) return query;
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals > 0 && secretName.test(pair.slice(0, equals))
        ? `${pair.slice(0, equals)}=${redacted}`
        : pair;
    })
    .join('&');
}
