import { readTextFiles } from './files.ts';

/** The text of a file of rules, and of the tests beside it; undefined when it cannot be read any more. */
export async function ruleTexts(
  file: string,
): Promise<{ readonly text: string; readonly tests: string | null } | undefined> {
  const [rule] = (await readTextFiles([file])).texts;
  if (rule === undefined) return undefined;
  const [tests] = (await readTextFiles([file.replace(/\.ya?ml$/i, '.test.yml')])).texts;
  return { text: rule.text, tests: tests?.text ?? null };
}
