/** Why an alert was raised, in one plain sentence: what happened, and the test of the rule that says most. */
import type { EventRow } from '../schema/columns.ts';
import type { MatchedTest } from '../sigma/index.ts';
import { actOf } from './act-words.ts';
import { quoted } from './quoted.ts';

/** What rules look at, as a person would call it. */
const fieldWords: Readonly<Record<string, string>> = {
  'process.command_line': 'its command line',
  'process.executable': 'its program',
  'process.name': 'its name',
  'process.parent.executable': "its parent's program",
  'process.parent.command_line': "its parent's command line",
  'process.working_directory': 'its directory',
  'file.path': 'the path',
  'destination.ip': 'the address',
  'destination.port': 'the port',
  'source.ip': 'the address it came from',
  'dns.question.name': 'the name',
  'user.name': 'the user',
  message: 'the line',
};

/**
 * The title, what happened, and why that is one of the rule's: the test that says most (of a command line before others,
 * words before expressions). Nothing of it where it is a quotation of what was said.
 */
export function reasonOf(title: string, matches: readonly MatchedTest[], event: EventRow): string {
  const summary = event['finding.summary'];
  if (typeof summary === 'string') return ended(`${title}: ${quoted(summary)}`);
  const act = actOf(event);
  const [most] = [...matches].sort((a, b) => weightOf(b) - weightOf(a));
  const why = most === undefined ? 'what the rule excludes is absent' : whyOf(most, act);
  return ended(`${title}: ${act}${why === '' ? '' : `; ${why}`}`);
}

const ended = (sentence: string) => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);

function whyOf(match: MatchedTest, act: string): string {
  const { field, value, test } = match;
  if (test === `is '${value}'` && act.includes(value)) return '';
  const what = field === undefined ? 'the event' : (fieldWords[field] ?? field);
  const said = `${what} ${testWords(match)}`;
  const isTold = test === `is '${value}'` || act.includes(quoted(value));
  return isTold ? said : `${said} (${quoted(value)})`;
}

function testWords(match: MatchedTest): string {
  const list = /^expand\b.*'%(.+)%'$/.exec(match.test)?.[1];
  if (list !== undefined) return `is on the list ${list}`;
  if (isRegex(match)) return 'matches its pattern';
  return match.test.replace(/^(ends|starts)with\b/, '$1 with');
}

function isRegex({ test }: MatchedTest): boolean {
  return /^re[| ]/.test(test);
}

function weightOf(match: MatchedTest): number {
  const field = match.field ?? '';
  const telling = field === 'process.command_line' ? 2_000 : field.startsWith('event.') ? 0 : 500;
  return telling + (isRegex(match) ? 0 : 1_000 + match.test.length);
}
