/** What a user may do wrong: each a coded line that says what to do, and nothing else is disturbed. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { catalogue, type ErrorCode } from '#shared/errors.ts';
import { openControlStore } from '../../collector/store/control/open.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

function refused(t: import('tap').Test, code: ErrorCode, exit: number, ...args: string[]): void {
  const run = vedette(...args);
  const what = `vedette ${args.join(' ')}`;
  t.equal(run.status, exit, `${what}: exits ${exit}: ${run.stderr}`);
  t.match(run.stderr, `vedette: ${code}: `, what);
  t.match(run.stderr, catalogue[code].action, 'says what to do');
  t.equal(run.stderr.trimEnd().split('\n').length, 1, 'one line');
  t.equal(run.stdout, '');
  const asJson = vedette(...args, '--json');
  t.match(JSON.parse(asJson.stderr), { error: { code, retryable: catalogue[code].retryable } });
}

const anyPorts = ['--port', '0', '--agent-port', '0'];

t.test('unknown flags and values', async (t) => {
  refused(t, 'usage.invalid', 2, 'status', '--no-such-flag');
  refused(t, 'usage.invalid', 2, 'nonsense');
  refused(t, 'usage.invalid', 2, 'up', '--port', '99999');
  refused(t, 'usage.invalid', 2, 'events', '--since', 'yesterday-ish');
  refused(t, 'usage.invalid', 2, 'agent', '--no-such-flag');
  refused(t, 'usage.invalid', 2, 'alerts', 'show');
  t.equal(vedette('--help').status, 0);
  t.match(vedette('events', '--help').stdout, '--follow');
});

t.test('no collector', async (t) => {
  refused(t, 'usage.no_collector', 1, 'status', '--data', join(tempFolder(t), 'nothing'));
  const gone = tempFolder(t);
  writeFileSync(join(gone, 'run.json'), '{"api":"http://127.0.0.1:9"}');
  writeFileSync(join(gone, 'cli.token'), 'x');
  refused(t, 'usage.no_collector', 1, 'hosts', '--data', gone);
});

t.test('data folders that cannot be used', async (t) => {
  const file = join(tempFolder(t), 'file');
  writeFileSync(file, '');
  refused(t, 'data.unreadable', 1, 'collector', ...anyPorts, '--data', join(file, 'x'));

  const half = tempFolder(t);
  writeFileSync(join(half, 'journal.db'), 'SQLite format 3\0 and then nothing that makes sense'.repeat(200));
  refused(t, 'data.corrupt', 1, 'collector', ...anyPorts, '--data', half);

  const noKey = tempFolder(t);
  mkdirSync(join(noKey, 'pki'));
  writeFileSync(join(noKey, 'pki', 'ca.crt'), 'half a certificate');
  refused(t, 'data.corrupt', 1, 'collector', ...anyPorts, '--data', noKey);

  const newer: readonly (readonly [name: string, sql: string])[] = [
    ['journal.db', 'PRAGMA user_version = 99'],
    ['control.db', "INSERT INTO migration (number, name) VALUES (99, 'of a later version')"],
  ];
  for (const [name, sql] of newer) {
    const folder = tempFolder(t);
    await (await openControlStore(join(folder, 'control.db'), { durable: false })).close();
    await openJournalWriter(join(folder, 'journal.db')).close();
    const db = new Database(join(folder, name));
    db.exec(sql);
    db.close();
    refused(t, 'data.schema_newer', 1, 'collector', ...anyPorts, '--data', folder);
  }

  const config = tempFolder(t);
  writeFileSync(join(config, 'collector.json'), '{"creditBytes": -1}');
  refused(t, 'config.invalid', 1, 'collector', ...anyPorts, '--data', config);
  writeFileSync(join(config, 'collector.json'), '{not json');
  refused(t, 'config.invalid', 1, 'collector', ...anyPorts, '--data', config);

  if (process.getuid?.() === 0) return;
  const closed = tempFolder(t);
  chmodSync(closed, 0o000);
  t.teardown(() => chmodSync(closed, 0o700));
  refused(t, 'data.unreadable', 1, 'collector', ...anyPorts, '--data', closed);
});

t.test('ports and folders that are taken, while the collector that has them goes on', async (t) => {
  const data = tempFolder(t);
  const running = await Server.start(t, 'collector', ...anyPorts, '--data', data);
  refused(t, 'data.in_use', 1, 'collector', ...anyPorts, '--data', data);
  const port = new URL(running.addresses.api).port;
  refused(
    t,
    'listen.port_in_use',
    1,
    'collector',
    '--port',
    port,
    '--agent-port',
    '0',
    '--data',
    tempFolder(t),
  );
  const agentPort = running.addresses.agents.split(':')[1] as string;
  refused(
    t,
    'listen.port_in_use',
    1,
    'collector',
    '--port',
    '0',
    '--agent-port',
    agentPort,
    '--data',
    tempFolder(t),
  );
  t.match(vedetteJson('health', '--data', data), { ok: true });
  refused(t, 'api.not_found', 1, 'alerts', 'show', 'no-such-alert', '--data', data);
  refused(t, 'event.unknown_type', 1, 'events', '--type', 'no.such', '--data', data);
});

t.test('agents without an identity, with a bad token, or with a token of another collector', async (t) => {
  refused(t, 'agent.not_enrolled', 1, 'agent', '--data', tempFolder(t));
  refused(t, 'enroll.token_malformed', 1, 'enroll', '--token', 'nonsense', '--data', tempFolder(t));
  const collector = await Server.start(t, 'collector', ...anyPorts, '--data', tempFolder(t));
  const other = tempFolder(t);
  await Server.start(t, 'collector', ...anyPorts, '--data', other);
  const { token } = vedetteJson<{ token: string }>('enroll', '--new-token', '--data', other);
  const { agents } = collector.addresses;
  refused(
    t,
    'identity.collector_untrusted',
    1,
    'enroll',
    '--token',
    token,
    '--address',
    agents,
    '--data',
    tempFolder(t),
  );
  const data = tempFolder(t);
  t.equal(vedette('enroll', '--token', token, '--data', data).status, 0);
  refused(t, 'enroll.token_refused', 1, 'enroll', '--token', token, '--data', tempFolder(t));
  t.match(vedette('enroll', '--token', token, '--data', data).stdout, 'already enrolled');
});

t.test('rule files that are not YAML or not Sigma, while the rest is used', async (t) => {
  const data = tempFolder(t);
  const rules = join(data, 'rules');
  mkdirSync(rules);
  writeFileSync(join(rules, 'broken.yml'), 'title: [unclosed\n  - x: {');
  writeFileSync(join(rules, 'shopping.yml'), 'milk: 2\nbread: 1\n');
  const lint = vedette('rules', 'lint', rules, '--data', data);
  t.equal(lint.status, 1);
  t.match(lint.stdout, /broken\.yml:\d+:\d+: error rule\.not_yaml: /);
  t.match(lint.stdout, /shopping\.yml:\d+:\d+: error rule\.not_sigma: /);
  t.match(vedetteJson('rules', 'lint', rules, '--data', data), { summary: { accepted: 0, refused: 2 } });
  await Server.start(t, 'collector', ...anyPorts, '--data', data);
  const { detection } = vedetteJson<{ detection: { rules: number } }>('status', '--data', data);
  t.ok(detection.rules >= 14, 'the starter rules are at work');
});
