/** Logical lines read of one file. */
const maxRules = 4096;
const maxRuleLength = 4096;

/** One logical line of sudoers(5), its spaces made one. */
export interface SudoRule {
  readonly text: string;
  /** What it is about: users and groups, `Defaults` and its target, or an alias and its name. */
  readonly subject: string;
}

export interface SudoRuleChange {
  readonly action: 'sudo-rule-added' | 'sudo-rule-removed' | 'sudo-rule-changed';
  readonly subject: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The rules in the text of a sudoers file, without comments. Includes are kept as rules of their own. */
export function parseSudoers(text: string): SudoRule[] {
  const rules: SudoRule[] = [];
  for (const line of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    if (rules.length >= maxRules) break;
    const rule = withoutComment(line).replace(/\s+/g, ' ').trim().slice(0, maxRuleLength);
    if (rule !== '') rules.push({ text: rule, subject: subjectOf(rule) });
  }
  return rules;
}

/** `#` begins a comment, but for old includes and for user ids; `\#` and `#` within quotes stand for themselves. */
function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at];
    if (sign === '\\') at++;
    else if (sign === '"') quoted = !quoted;
    else if (sign === '#' && !quoted && !/^#(?:include(?:dir)?\s|-?\d)/.test(line.slice(at, at + 16)))
      return line.slice(0, at);
  }
  return line;
}

function subjectOf(rule: string): string {
  const alias = /^(?:User|Runas|Host|Cmnd|Cmd)_Alias [^ =]+/.exec(rule)?.[0];
  if (alias !== undefined) return alias;
  const settings = /^Defaults\S*/.exec(rule)?.[0];
  if (settings !== undefined) return settings;
  if (/^[#@]include/.test(rule)) return rule;
  // User lists may have spaces after their commas; the host list follows.
  return /^(?:[^ ]+, ?)*[^ ,]+/.exec(rule)?.[0] ?? rule;
}

/**
 * What leads from one reading of a file to the next. One rule gone and one come with the same subject are one changed;
 * order does not count.
 */
export function sudoRuleChanges(before: readonly SudoRule[], after: readonly SudoRule[]): SudoRuleChange[] {
  const gone = without(before, after);
  const come = without(after, before);
  const changes: SudoRuleChange[] = [];
  for (const { subject, text } of come) {
    const at = gone.findIndex((rule) => rule.subject === subject);
    const old = at < 0 ? undefined : gone.splice(at, 1)[0]?.text;
    const action = old === undefined ? 'sudo-rule-added' : 'sudo-rule-changed';
    changes.push({ action, subject, before: old, after: text });
  }
  for (const { subject, text } of gone)
    changes.push({ action: 'sudo-rule-removed', subject, before: text, after: undefined });
  return changes;
}

/** Those of the first whose text is not, or not as often, among the second. */
function without(rules: readonly SudoRule[], others: readonly SudoRule[]): SudoRule[] {
  const counts = new Map<string, number>();
  for (const { text } of others) counts.set(text, (counts.get(text) ?? 0) + 1);
  return rules.filter(({ text }) => {
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
}
