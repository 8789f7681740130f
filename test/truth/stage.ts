import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SensorOptions } from '../../agent/sensors/options.ts';
import { sensorNames } from '../../agent/sensors/options.ts';
import { createSensors } from '../../agent/sensors/registry.ts';
import type { Sensor } from '../../agent/sensors/sensor.ts';
import { Collected } from '../agent/sensors/collected.ts';
import { instanceName, modeOf, noKernelEvents, until } from '../agent/sensors/kernel-host.ts';
import { makeTempFolder } from '../temp.ts';

/** Why there can be no stage here; false where there can. */
export const noStage: string | false = noKernelEvents;

const lookMs = 100;
/** A look at the list of mounts may come between a mount and its record, and does not know who did it. */
const neverMs = 3_600_000;
/** Sensors that look tell of an act at their next look, and of a wrong repeat at the one after. */
const settleMs = 4 * lookMs;

/** The process the acts are done in, as /proc has it. */
export interface Self {
  readonly pid: number;
  readonly name: string;
  readonly executable: string;
  readonly commandLine: string;
  readonly parentExecutable: string | undefined;
  readonly sessionId: number;
  readonly cgroup: string;
  /** Who signed in, as the kernel keeps it; the largest number for nobody. */
  readonly loginUserId: string;
}

/**
 * Where acts are done: every sensor of the agent, together as the agent has them, on the real kernel with its real
 * processes, network, mounts and devices; the files under /etc, /var and so on are those of a root of its own, so
 * that packages, accounts and logs of the host stay as they are.
 */
export class Stage {
  readonly root: string;
  readonly got = new Collected();
  readonly self: Self = readSelf();
  readonly errors: string[] = [];
  /** Of the trace of the kernel's events. */
  readonly instance = instanceName();
  readonly #sensors: readonly Sensor[];
  readonly #ends: (() => unknown)[] = [];

  private constructor(root: string, options: SensorOptions) {
    this.root = root;
    this.#sensors = createSensors({
      provider: 'linux',
      intervalMs: { ...Object.fromEntries(sensorNames.map((name) => [name, lookMs])), kernel: neverMs },
      etcRoot: join(root, 'etc'),
      varRoot: join(root, 'var'),
      runRoot: join(root, 'run'),
      libRoot: join(root, 'lib'),
      fsRoot: root,
      journal: false,
      dataDir: root,
      onError: (name, error) => this.errors.push(`${name}: ${error}`),
      ...options,
      trace: { ...options.trace, instance: this.instance },
    });
  }

  /** Furnishes a root and starts the sensors; resolves once the kernel's events come. */
  static async open(
    options: (root: string) => SensorOptions = () => ({}),
    furnish: (root: string) => void = () => {},
  ): Promise<Stage> {
    const root = makeTempFolder('truth-');
    furnishRoot(root);
    furnish(root);
    const stage = new Stage(root, options(root));
    try {
      await stage.#start();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    // The kernel's events are the process sensor's, and the kernel sensor takes them at its only look.
    await this.sensor('process').start(this.got.emit);
    await until(() => modeOf(this.sensor('process')) === 'kernel', 'kernel mode');
    await Promise.all(this.#sensors.map((sensor) => sensor.start(this.got.emit)));
    const kernel = ['process', 'network', 'kernel'].map((name) => this.sensor(name));
    await until(() => kernel.every((sensor) => modeOf(sensor) === 'kernel'), 'kernel mode');
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, content: string | Uint8Array, mode = 0o644): string {
    return writeBelow(this.root, name, content, mode);
  }

  sensor(name: string): Sensor {
    const found = this.#sensors.find((one) => one.describe().name === name);
    if (found === undefined) throw new Error(`no sensor ${name}`);
    return found;
  }

  /** Done when the stage is closed, last first. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Identity of a process by what was told of it, whatever it ran. */
  entityOf(pid: number): string | undefined {
    const told = [...this.got.of('process.start'), ...this.got.of('process.fork')];
    return told.findLast((event) => event['process.pid'] === pid)?.['process.entity_id'];
  }

  /** Resolves once all that was done before has been told: the kernel's events come in their order. */
  async settle(): Promise<void> {
    const marker = spawn('/bin/true', { stdio: 'ignore' });
    await once(marker, 'exit');
    await this.got.until('process.end', (event) => event['process.pid'] === marker.pid);
    await sleep(settleMs);
  }

  /** Ends everything; gives what went wrong in the sensors. */
  async close(): Promise<readonly string[]> {
    for (const end of this.#ends.reverse()) await end();
    for (const sensor of this.#sensors) await sensor.stop();
    rmSync(this.root, { recursive: true, force: true });
    return [...this.errors, ...this.got.faults];
  }
}

export function writeBelow(root: string, name: string, content: string | Uint8Array, mode = 0o644): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** The least that a Debian host has of the files the sensors look at. */
function furnishRoot(root: string): void {
  // Users other than root do some of the acts.
  chmodSync(root, 0o755);
  for (const name of ['etc', 'var/log', 'run', 'lib', 'tmp', 'usr/local/bin', 'home']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  const write = (name: string, text: string, mode?: number) => writeBelow(root, name, text, mode);
  write(
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  );
  write('etc/group', 'root:x:0:\ndaemon:x:1:\nsudo:x:27:\nnogroup:x:65534:\n');
  write('etc/shadow', 'root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n', 0o640);
  write('var/log/auth.log', '');
  write('var/log/syslog', '');
  closeSync(openSync(join(root, 'var/log/wtmp'), 'w'));
  closeSync(openSync(join(root, 'var/log/btmp'), 'w'));
}

function readSelf(): Self {
  if (noStage !== false) return { pid: process.pid } as Self;
  const text = (name: string) => readFileSync(`/proc/self/${name}`, 'utf8');
  const [, parent, , session] = text('stat')
    .replace(/^.*\) /, '')
    .split(' ');
  return {
    pid: process.pid,
    name: text('comm').trimEnd(),
    executable: realpathSync('/proc/self/exe'),
    commandLine: text('cmdline').split('\0').slice(0, -1).join(' '),
    parentExecutable: realpathSync(`/proc/${parent}/exe`),
    sessionId: Number(session),
    loginUserId: existsSync('/proc/self/loginuid') ? text('loginuid').trim() : '',
    // The unified hierarchy, or the first of the old ones.
    cgroup: (/^0::(.*)$/m.exec(text('cgroup')) ?? /^\d+:[^:]*:(.*)$/m.exec(text('cgroup')))?.[1] ?? '',
  };
}
