/**
 * Sends made-up requests to every operation of a real collector, as an administrator: none may be answered with a
 * server's error, and the collector must go on. --requests N --seed N --json
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { report } from './bench/report.ts';
import { randomOf } from './bench/sample-events.ts';
import { type OpenApi, requester } from './fuzz-api/requests.ts';

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const requests = Number(flags.requests);
const seed = Number(flags.seed);
const atOnce = 8;
/** Longer answers are streams that go on; their beginning is enough. */
const patienceMs = 30_000;
const top = join(import.meta.dirname, '..');

const folder = mkdtempSync(join(tmpdir(), 'vedette-fuzz-'));
// One token from one address: what the limits on rates refuse would never be looked at.
const unlimited = { requestsPerMinute: 100_000_000, tokenRequestsPerMinute: 100_000_000 };
writeFileSync(join(folder, 'collector.json'), JSON.stringify(unlimited));
const args = [
  'scripts/vedette.mjs',
  'collector',
  '--json',
  '--port',
  '0',
  '--agent-port',
  '0',
  '--data',
  folder,
];
const child = spawn(process.execPath, args, { cwd: top, stdio: ['ignore', 'pipe', 'ignore'] });
try {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { api, tokenFile } = JSON.parse(line) as { readonly api: string; readonly tokenFile: string };
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  const get = async (path: string) => (await fetch(`${api}${path}`, { headers: { authorization } })).json();
  const next = requester((await get('/api/v1/openapi.json')) as OpenApi, randomOf(seed), [
    'cli',
    'e0000000000000a1',
  ]);
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  let sent = 0;
  const began = performance.now();
  const send = async () => {
    while (sent < requests) {
      sent++;
      if (sent % 5_000 === 0) console.error(`fuzz: ${sent} of ${requests}`);
      const request = next();
      try {
        const answer = await fetch(`${api}${request.path}`, {
          ...{ method: request.method, headers: { authorization, ...request.headers } },
          ...(request.body !== undefined && request.method !== 'GET' && { body: request.body as BodyInit }),
          signal: AbortSignal.timeout(patienceMs),
        });
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const text = await answer.text();
        // What waits for room or a thread that is busy says so and is no fault.
        const isBusy = answer.status === 503 && JSON.parse(text).retryable === true;
        if (answer.status >= 500 && !isBusy)
          faults.push(`${request.method} ${request.path} ${String(request.body)}: ${answer.status} ${text}`);
      } catch (error) {
        faults.push(`${request.method} ${request.path} ${String(request.body)}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, send));
  const seconds = (performance.now() - began) / 1000;
  for (const fault of faults.slice(0, 20)) console.error(fault.slice(0, 2_000));
  const { status } = (await get('/health')) as { readonly status: string };
  const of = (low: number, high: number) =>
    [...statuses].reduce((sum, [code, n]) => (code >= low && code < high ? sum + n : sum), 0);
  report({ requests, seed, atOnce }, [
    { name: 'requests a second', value: requests / seconds, unit: '1/s' },
    { name: 'answered as asked', value: of(200, 400), unit: 'count' },
    { name: 'refused', value: of(400, 500), unit: 'count' },
    { name: 'refused unseen, for its rate or its token', value: of(429, 430) + of(401, 402), unit: 'count' },
    { name: 'server errors', value: faults.length, unit: 'count', goal: 0, less: true },
    { name: 'collector goes on', value: status === 'failing' ? 0 : 1, unit: 'count', goal: 1 },
  ]);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
