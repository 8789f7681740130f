import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { compileRules, Matcher, parseRules } from '#shared/sigma/index.ts';
import { lineEvent } from '../../../agent/sensors/log/line.ts';
import { parseSyslogLine } from '../../../agent/sensors/log/syslog-line.ts';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { tempFolder } from '../../temp.ts';

/** The public rules over logs of Linux see the lines they are written for, and no others. */

const archive = join(import.meta.dirname, '../../../../shared/sigma/sigmahq.tar.gz');
const skip = existsSync(archive) ? false : 'the public rules are not here';

function eventOf(source: string, text: string): EventRow {
  const parsed = parseSyslogLine(text, Date.now());
  const place = { source, path: '/var/log/x', offset: 0, cut: false };
  const line = parsed === undefined ? { at: 1, message: text, ...place } : { ...parsed, ...place };
  return lineEvent(line) as unknown as EventRow;
}

t.test('rules for services', { skip }, async (t) => {
  const folder = tempFolder(t);
  execFileSync('tar', ['xzf', archive, '-C', folder, 'rules/linux/builtin']);
  const files = execFileSync('find', [folder, '-name', '*.yml'], { encoding: 'utf8' }).trim().split('\n');
  const documents = files.flatMap((file) => parseRules(readFileSync(file, 'utf8'), file).documents);
  const specs = Object.values(eventSpecs);
  const { ruleSet } = compileRules(documents, { specs });
  t.same([...ruleSet.inactive], [], 'none is without events');
  const matcher = new Matcher(ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  const matched = (source: string, text: string) => {
    const titles: string[] = [];
    const events = columnarOf(eventSpecs['log.line'], [eventOf(source, text)]);
    matcher.match(events, 'linux', ({ rule }) => titles.push(rule.title));
    return titles;
  };
  const head = 'Nov 20 10:00:00 h';
  t.same(matched('auth', `${head} sshd[5]: ssh_dispatch_run_fatal: Corrupted MAC on input`), [
    'Suspicious OpenSSH Daemon Error',
  ]);
  t.same(matched('syslog', `${head} app[5]: Corrupted MAC on input`), [], 'said by another program');
  t.same(matched('syslog', `${head} crontab[5]: (root) REPLACE (al)`), ['Modifying Crontab']);
  t.same(matched('syslog', `${head} app[5]: (root) REPLACE (al)`), []);
  t.same(
    matched('syslog', `${head} named[5]: client 1.2.3.4#5: dropping source port zero packet from 1.2.3.4`),
    ['Suspicious Named Error'],
  );
  t.same(matched('vsftpd', 'Connection refused: too many sessions for this address.'), [
    'Suspicious VSFTPD Error Messages',
  ]);
  t.same(matched('nginx', 'Connection refused: too many sessions for this address.'), []);
  t.same(matched('syslog', `${head} clamd[5]: /tmp/x: Trojan.Elf FOUND`).length, 1);
  t.same(
    matched('daemon', `${head} x[1]: cat /dev/null >/root/.bash_history`).length > 0,
    true,
    'rules of no service',
  );
});
