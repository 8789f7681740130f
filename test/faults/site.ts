/** A collector, a numbered agent and the proxy between them, with what can be done to them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeText } from '#shared/files.ts';
import { launcher } from '../vedette.ts';
import { BlockDisk, MemoryDisk, noDisksBecause } from './disks.ts';
import { runSize } from './numbers.ts';
import { enrolFolder } from './start-agent.ts';
import { TcpProxy } from './tcp-proxy.ts';

export type Side = 'agent' | 'collector';

const perSecond = 1000;
/** A side that ends at its start is started again, as a service would be. */
const startAttempts = 50;
const clockShim = join(import.meta.dirname, 'clock-shim.ts');
const agentScript = join(import.meta.dirname, 'numbered-agent.ts');
export const alarmTitle = 'Numbered alarm';
const rule = `title: ${alarmTitle}
id: 6a1f6c0e-5d4e-4b53-9f0c-2f3a1b7c9d10
status: test
logsource:
  category: account_change
detection:
  removed:
    event.action: user-removed
  condition: removed
level: high
`;
/** Sealing goes on all the time, so that faults meet it. */
const settings = {
  ...{ creditBytes: 65_536, agentStallMs: 2000, sealEvents: 2000, sealMs: 2000 },
  // Each alarm is about a user of its own, and each is looked for.
  alertMaxPerHour: 100_000,
};

export class Site {
  readonly #place: string;
  /** Undefined where this machine cannot make small disks. */
  readonly collectorDisk: BlockDisk | undefined;
  readonly agentDisk: MemoryDisk | undefined;
  readonly #processes = new Map<Side, ChildProcess>();
  #proxy: TcpProxy | undefined;
  #agentPort = 0;
  /** Number of the run of the agent. */
  #run = -1;
  /** What a side printed last, for whoever must find out why it ended. */
  lastWords = '';

  private constructor(place: string) {
    this.#place = place;
    if (noDisksBecause() !== undefined) return;
    this.collectorDisk = new BlockDisk(join(place, 'collector'), 160);
    this.agentDisk = new MemoryDisk(join(place, 'agent'), 64);
  }

  /** Both sides running, the agent enrolled. `place` is a folder for everything. */
  static async open(place: string): Promise<Site> {
    const site = new Site(place);
    for (const folder of [join(site.data, 'rules'), join(place, 'kept')])
      mkdirSync(folder, { recursive: true });
    // On the disk itself: faults of the disk take what is not.
    writeText(join(site.data, 'collector.json'), JSON.stringify(settings));
    writeText(join(site.data, 'rules', 'alarm.yml'), rule);
    site.#proxy = await TcpProxy.start(() => site.#agentPort);
    await site.start('collector');
    await enrolFolder(site.agentFolder, site.data);
    // Its settings and identity are not what is tried here.
    site.collectorDisk?.sync();
    await site.start('agent');
    return site;
  }

  get proxy(): TcpProxy {
    return this.#proxy as TcpProxy;
  }

  get data(): string {
    return join(this.#place, 'collector', 'disk', 'data');
  }

  get agentFolder(): string {
    return join(this.#place, 'agent', 'folder');
  }

  folderOf(side: Side): string {
    return side === 'agent' ? this.agentFolder : this.data;
  }

  /** Moves what the side takes for the time. */
  setClock(side: Side, offsetMs: number): void {
    writeFileSync(join(this.#place, `${side}.clock`), String(Math.round(offsetMs)));
  }

  signal(side: Side, signal: NodeJS.Signals): void {
    this.#processes.get(side)?.kill(signal);
  }

  /** Whether it has ended by itself. */
  hasEnded(side: Side): boolean {
    const child = this.#processes.get(side);
    return child !== undefined && (child.exitCode !== null || child.signalCode !== null);
  }

  /** Resolves when it has ended. */
  async end(side: Side, signal: NodeJS.Signals): Promise<void> {
    const child = this.#processes.get(side);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async start(side: Side): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (side === 'agent' ? await this.#startAgent() : await this.#startCollector()) return;
      if (attempt === startAttempts) throw new Error(`the ${side} does not start: ${this.lastWords}`);
      await sleep(100);
    }
  }

  /** Runs a second agent on a folder for a while, without a sensor. Gives whether it ran at all. */
  async runAnother(folder: string, forMs: number): Promise<boolean> {
    const child = this.#spawnAgent(folder, ['0', '0']);
    const ended = once(child, 'exit');
    const [first] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
    const hasRun = first instanceof Buffer;
    if (hasRun) await sleep(forMs);
    child.kill('SIGKILL');
    await ended;
    return hasRun;
  }

  #spawn(args: readonly string[], side: Side): ChildProcess {
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import=${clockShim}`,
      VEDETTE_FAULT_CLOCK: join(this.#place, `${side}.clock`),
      VEDETTE_DATA: undefined,
    };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (part: Buffer) => {
      this.lastWords = (this.lastWords + part.toString()).slice(-4000);
    });
    return child;
  }

  #spawnAgent(folder: string, args: readonly string[]): ChildProcess {
    return this.#spawn([agentScript, folder, `127.0.0.1:${this.proxy.port}`, ...args], 'agent');
  }

  async #startAgent(): Promise<boolean> {
    const run = ++this.#run;
    const child = this.#spawnAgent(this.agentFolder, [
      String(run * runSize),
      String(perSecond),
      join(this.#place, 'kept', String(run)),
    ]);
    this.#processes.set('agent', child);
    const [first] = await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit'),
    ]);
    return first instanceof Buffer;
  }

  async #startCollector(): Promise<boolean> {
    const ports = ['--port', '0', '--agent-port', String(this.#agentPort)];
    const child = this.#spawn([launcher, 'collector', '--json', ...ports, '--data', this.data], 'collector');
    this.#processes.set('collector', child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [first] = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
    if (typeof first !== 'string') return false;
    this.#agentPort = Number((JSON.parse(first) as { agents: string }).agents.split(':')[1]);
    return true;
  }

  /** Keeps a copy of a side's folder; nobody may be writing to it. */
  copy(side: Side, to: string): string {
    const copy = join(this.#place, to);
    rmSync(copy, { recursive: true, force: true });
    cpSync(this.folderOf(side), copy, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  /** Puts a copy in the place of what the side has; it must not be running. */
  restore(side: Side, copy: string): void {
    const folder = this.folderOf(side);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    cpSync(copy, folder, { recursive: true });
    // Whoever puts a copy back waits for the disk.
    this.collectorDisk?.sync();
  }

  /**
   * How many events the agents' writes to the outbox accounted for. `least` counts those that returned, `most` also
   * those a kill cut off.
   */
  collected(): { readonly least: number; readonly most: number } {
    let least = 0;
    let open = 0;
    for (const name of readdirSync(join(this.#place, 'kept'))) {
      const lines = readFileSync(join(this.#place, 'kept', name), 'utf8').split('\n');
      for (const line of lines) if (line.startsWith('kept ')) least += Number(line.slice(5));
      const last = lines.findLast((line) => line !== '');
      if (last?.startsWith('try ')) open += Number(last.slice(4));
    }
    return { least, most: least + open };
  }

  async close(): Promise<void> {
    await this.end('agent', 'SIGKILL');
    await this.end('collector', 'SIGKILL');
    this.#proxy?.close();
    this.collectorDisk?.remove();
    this.agentDisk?.remove();
    rmSync(this.#place, { recursive: true, force: true });
  }
}
