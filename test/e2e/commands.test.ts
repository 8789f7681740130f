/** Commands and the audit log as a user meets them: a real agent of this host, the command line. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t from 'tap';
import type { CommandJson } from '../../collector/api/json/command.ts';
import type { HostJson } from '../../collector/api/json/host.ts';
import type { AuditEntryJson, AuditVerdictJson } from '../../collector/api/resources/audit.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

t.test('command, commands, audit', async (t) => {
  const data = tempFolder(t);
  const at = ['--data', data];
  const up = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', ...at);
  let host: HostJson | undefined;
  while (host?.connected !== true) {
    await sleep(100);
    host = vedetteJson<HostJson[]>('hosts', ...at)[0];
  }
  const status = vedetteJson<CommandJson>('command', host.hostname, 'agent.status', '--wait', ...at);
  t.match(status, { state: 'done', output: { hostId: host.id, isConnected: true } });
  const args = ['sensor.sample', '--arg', 'sensor=process', '--arg', 'limit=3', '--wait'];
  const sample = vedetteJson<CommandJson>('command', host.id, ...args, ...at);
  const { events, total } = sample.output as { events: { type: string }[]; total: number };
  t.same(new Set(events.map((e) => e.type)), new Set(['process.start']));
  t.equal(sample.cut, total - 3);
  t.match(vedette('command', host.id, 'agent.flush', '--wait', ...at), {
    status: 0,
    stdout: /agent\.flush .*: done\n/,
  });

  const failed = vedette('command', host.id, 'sensor.sample', '--arg', 'sensor=nose', '--wait', ...at);
  t.match(failed, { status: 1, stderr: /^vedette: command\.invalid: There is no sensor/ });
  t.equal(
    vedette('command', host.id, 'sensor.sample', '--arg', 'sensor=nose', '--wait', '--json', ...at).status,
    1,
  );
  t.match(vedette('command', host.id, 'host.wipe', ...at), { status: 1, stderr: /command\.invalid/ });
  t.match(vedette('command', 'nobody', 'agent.status', ...at), { status: 1, stderr: /api\.not_found/ });
  t.match(vedette('command', host.id, 'agent.status', '--arg', 'novalue', ...at), {
    status: 2,
    stderr: /usage\.invalid/,
  });
  t.match(vedette('command', host.id, 'agent.status', '--timeout', '0', ...at), {
    status: 2,
    stderr: /usage\.invalid/,
  });
  t.match(vedette('command', '--help').stdout, 'sensor.sample');

  const list = vedetteJson<CommandJson[]>('commands', '--host', host.hostname, '--state', 'done', ...at);
  t.same(
    list.map((c) => c.name),
    ['agent.flush', 'sensor.sample', 'agent.status'],
  );
  t.match(vedette('commands', ...at).stdout, /failed .*command\.invalid/);
  const entries = vedetteJson<AuditEntryJson[]>('audit', '--action', 'command.answer', ...at);
  t.equal(entries.length, 5);
  t.match(vedette('audit', '--since', '1h', ...at).stdout, 'command.make');
  t.match(vedette('audit', 'verify', ...at), { status: 0, stdout: /^\d+ entries, all as they were written/ });

  const raw = new Database(join(data, 'control.db'));
  raw.exec("drop trigger audit_no_update; update audit set actor = 'nobody' where number = 3");
  raw.close();
  t.match(vedette('audit', 'verify', ...at), { status: 1, stderr: /^vedette: audit\.broken: Entry 3: / });
  const verdict = vedette('audit', 'verify', '--json', ...at);
  t.equal(verdict.status, 1);
  t.match(JSON.parse(verdict.stdout) as AuditVerdictJson, { entries: 2, broken: { number: 3 } });
  await up.end('SIGTERM');
});
