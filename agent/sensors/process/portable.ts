import { hash } from 'node:crypto';
import { hostname, uptime } from 'node:os';
import { nowUs } from '#shared/clock.ts';
import type { Provider } from '../provider.ts';
import { endEvent, startEvent } from './events.ts';
import { keptCommandLine, type ProcessFacts, type ProcessTable } from './table.ts';

/** The tools the libraries start; our own children of these names are not reported. */
const ownTools = /^(?:ps|sh|cmd|powershell|wmic|tasklist|fastlist.*)(?:\.exe)?$/i;

/**
 * Processes through ps-list (macOS, BSD, Linux without /proc) or systeminformation (Windows, where ps-list gives
 * no command line, user or start).
 */
export function processPortable(table: ProcessTable): Provider {
  const list = process.platform === 'win32' ? listBySystemInformation : listByPs;
  let first = true;
  let known = new Map<number, string>();

  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      try {
        return (await list()).length > 0 ? undefined : 'the process list is empty';
      } catch (error) {
        return `the process list cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
    async look(emit) {
      const found = await list();
      const at = nowUs();
      if (first) table.clear();
      table.listen({
        started(entry, facts, again) {
          const time = first || again ? at : Math.min(facts.startAt, at);
          emit(startEvent(entry, facts, time, first));
        },
        ended(entry, endAt, exitCode) {
          emit(endEvent(entry, endAt, exitCode));
        },
      });
      const seen = new Map<number, string>();
      for (const facts of found.sort((a, b) => a.startAt - b.startAt || a.pid - b.pid)) {
        seen.set(facts.pid, facts.entityId);
        table.put(facts, at);
      }
      for (const pid of known.keys()) if (!seen.has(pid)) table.end(pid, at);
      known = seen;
      first = false;
    },
    note() {
      return 'sampled through system tools: processes shorter than the interval are not seen';
    },
    async close() {
      table.listen(undefined);
    },
  };
}

const bootSecond = Math.round(Date.now() / 1000 - uptime());
const hostKey = `${hostname()}:`;

/** Start in whole seconds is all `ps` knows; the pid and that second tell processes apart. */
function identity(pid: number, startAt: number): string {
  return hash('sha256', `${hostKey}${pid}:${Math.floor(startAt / 1_000_000)}`).slice(0, 20);
}

async function listByPs(): Promise<ProcessFacts[]> {
  const { default: psList } = await import('ps-list');
  const rows = await psList();
  return rows
    .filter((row) => !(row.ppid === process.pid && ownTools.test(row.name)))
    .map((row) => {
      const startAt = row.startTime === undefined ? bootSecond * 1_000_000 : row.startTime.getTime() * 1000;
      return {
        pid: row.pid,
        entityId: identity(row.pid, startAt),
        startAt,
        name: row.name,
        executable: row.path?.startsWith('/') ? row.path : undefined,
        commandLine: argumentsOf(row.name, row.cmd),
        keptCommandLine: keep(argumentsOf(row.name, row.cmd)),
        parentPid: row.ppid,
        userId: row.uid === undefined ? undefined : String(row.uid),
      };
    });
}

async function listBySystemInformation(): Promise<ProcessFacts[]> {
  const { processes } = await import('systeminformation');
  const { list } = await processes();
  return list.map((row) => {
    const started = Date.parse(row.started) * 1000;
    const startAt = Number.isFinite(started) ? started : bootSecond * 1_000_000;
    const commandLine = row.command === '' ? undefined : row.command;
    return {
      pid: row.pid,
      entityId: identity(row.pid, startAt),
      startAt,
      name: row.name,
      executable: row.path === '' ? undefined : row.path,
      commandLine,
      keptCommandLine: keep(commandLine),
      parentPid: row.parentPid,
      userName: row.user === '' ? undefined : row.user,
    };
  });
}

/** A copy, so that the table does not hold on to the whole. */
function keep(text: string | undefined): string | undefined {
  return text === undefined || text.length <= keptCommandLine
    ? text
    : Buffer.from(text.slice(0, keptCommandLine)).toString();
}

/** `ps` shows the name in brackets where there are no arguments (kernel threads, zombies). */
function argumentsOf(name: string, command: string | undefined): string | undefined {
  return command === `[${name}]` || command === '' ? undefined : command;
}
