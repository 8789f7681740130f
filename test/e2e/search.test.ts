/** Searching and trees from the command line, over a running collector with an agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { EventJson } from '../../collector/api/json/event.ts';
import type { TreeJson } from '../../collector/api/json/tree.ts';
import { tempFolder } from '../temp.ts';
import { launcher, Server, top, vedette, vedetteJson } from '../vedette.ts';

const data = tempFolder(t);
const own = `type:process.start process.pid:${process.pid}`;

async function until<T>(what: () => T | undefined): Promise<T> {
  for (;;) {
    const value = what();
    if (value !== undefined) return value;
    await sleep(100);
  }
}

t.test('events and trees', async (t) => {
  await Server.start(t, 'up', '--port', '0', '--agent-port', '0', '--data', data);
  const events = (...args: readonly string[]) => vedetteJson<EventJson[]>('events', ...args, '--data', data);
  const [start] = await until(() => {
    const found = events(own, '--since', '1d');
    return found.length > 0 ? found : undefined;
  });
  const host = String(start?.['host.name']);

  await t.test('a filter finds what it says, and options are part of it', async (t) => {
    t.equal(start?.['process.pid'], process.pid);
    t.equal(events(`type:process.start ProcessId:${process.pid}`, '--host', host).length, 1);
    t.equal(events(own, '--host', 'another').length, 0);
    t.equal(events(own, 'not', `process.pid:${process.pid}`).length, 0, 'words make one filter');
    t.equal(events(own, '--text', 'no text of it').length, 0);
  });

  await t.test('columns and formats', async (t) => {
    const columns = ['--columns', 'time,host,ProcessId,process.hash.sha256', '--data', data];
    const csv = vedette('events', own, '--format', 'csv', ...columns).stdout.split('\r\n');
    t.equal(csv[0], 'time,host,ProcessId,process.hash.sha256');
    t.match(csv[1], new RegExp(`^\\d{4}-.*Z,[^,]+,${process.pid},`));
    const line = vedette('events', own, '--format', 'jsonl', ...columns).stdout;
    t.match(JSON.parse(line), { time: start?.['@timestamp'], host, ProcessId: process.pid });
    const zone = (name: string) => vedette('events', own, '--zone', name, ...columns).stdout;
    t.match(zone('utc'), String(start?.['@timestamp']).slice(0, 19).replace('T', ' '));
    t.not(zone('Asia/Tokyo'), zone('utc'));
    t.equal(vedette('events', '--zone', 'Nowhere/At_all', '--data', data).status, 2);
    const unknown = vedette('events', '--columns', 'proces.pid', '--data', data);
    t.equal(unknown.status, 2);
    t.match(unknown.stderr, /Did you mean process\.pid/);
  });

  await t.test('a filter that cannot be read is bad usage, with its place', async (t) => {
    const run = vedette('events', 'a proces.name:x', '--data', data);
    t.equal(run.status, 2);
    t.match(run.stderr, /filter\.unknown_field: Column 3: .*Did you mean process\.name\?/);
    t.match(JSON.parse(vedette('events', '(a', '--json').stderr), { error: { code: 'filter.syntax' } });
  });

  await t.test('following takes a filter', async (t) => {
    const mark = `followed-${process.pid}`;
    const args = ['events', `type:process.start "*${mark}*"`, '--follow', '--json', '--data', data];
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: top,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill());
    const lines = createInterface({ input: child.stdout });
    const arrived = once(lines, 'line');
    let isThere = false;
    void arrived.then(() => {
      isThere = true;
    });
    // Until it follows, nothing can arrive: the program is run again and again.
    while (!isThere) {
      spawn('sleep', ['0.5'], { argv0: mark });
      await sleep(500);
    }
    const event = JSON.parse(String((await arrived)[0])) as EventJson;
    t.match(String(event['process.command_line']), mark);
  });

  await t.test('fields are listed without a collector', async (t) => {
    const fields = vedetteJson<{ name: string; sigma: string[]; doc: string }[]>(
      'events',
      'fields',
      'dns.query',
    );
    t.match(
      fields.find(({ name }) => name === 'dns.question.name'),
      { sigma: ['QueryName', 'query'], doc: /./ },
    );
    t.ok(vedetteJson<unknown[]>('events', 'fields').length > fields.length);
    t.match(vedette('events', 'fields', 'dns.query').stdout, /dns\.question\.name/);
    t.match(vedette('events', 'fields', 'dns.quer').stderr, /Did you mean dns\.query/);
  });

  await t.test('the tree of this process, up to the first and down to its children', async (t) => {
    const at = new Date().toISOString();
    const args = ['--host', host, '--pid', String(process.pid), '--at', at, '--data', data];
    const tree = vedetteJson<TreeJson>('tree', ...args);
    t.match(
      tree.processes.find(({ relation }) => relation === 'subject'),
      { pid: process.pid },
    );
    t.equal(tree.processes.find(({ pid }) => pid === process.ppid)?.relation, 'ancestor');
    t.equal(tree.processes[0]?.depth, 0);
    t.ok(
      tree.processes.some(({ relation }) => relation === 'descendant'),
      'what this test has run',
    );
    const text = vedette('tree', ...args).stdout;
    t.match(text, new RegExp(`${process.pid} .*◄`));
    t.match(text, /└─ /);
    const timeline = vedetteJson<{ at: string; what: string }[]>('tree', ...args, '--timeline');
    t.ok(timeline.length > 1);
    t.strictSame(
      timeline.map((entry) => entry.at),
      timeline.map((entry) => entry.at).sort(),
    );
    const { entityId } = tree.processes.find(({ relation }) => relation === 'subject')!;
    t.equal(vedetteJson<TreeJson>('tree', '--entity', entityId!, '--data', data).subjectKey, tree.subjectKey);
    t.equal(vedette('tree', '--pid', '1', '--data', data).status, 2, 'host and time are missing');
    t.equal(vedette('tree', '--data', data).status, 2);
    const none = vedette('tree', '--alert', 'none', '--data', data);
    t.equal(none.status, 1);
    t.match(none.stderr, /api\.not_found/);
  });
});
