/** Cuts a name at underscores, dots, dashes, spaces and where a lower-case letter meets a capital. */
function wordsOf(text: string): readonly string[] {
  return text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+/g) ?? [];
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** What names and values can be changed to. */
export const letterCases = {
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
  snake_case: (text: string) =>
    text
      .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_, low, high, end) =>
        low ? `${low}_${high}` : `${end}_`,
      )
      .replace(/[\s-]+/g, '_')
      .toLowerCase(),
  camel_case: (text: string) => {
    const [first = '', ...rest] = wordsOf(text);
    return first.toLowerCase() + rest.map(capitalized).join('');
  },
  pascal_case: (text: string) => wordsOf(text).map(capitalized).join(''),
} as const;
