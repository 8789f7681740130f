import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SensorOptions } from '../../../agent/sensors/options.ts';
import { makeTempFolder } from '../../temp.ts';

/** A made-up host: a folder with the roots the Linux readers look under. */
export class FixtureHost {
  readonly root = makeTempFolder('vedette-host-');

  constructor() {
    for (const name of ['proc', 'sys', 'etc', 'var', 'run', 'lib']) mkdirSync(join(this.root, name));
  }

  get options(): SensorOptions {
    const at = (name: string) => join(this.root, name);
    return {
      provider: 'linux',
      procRoot: at('proc'),
      sysRoot: at('sys'),
      etcRoot: at('etc'),
      varRoot: at('var'),
      runRoot: at('run'),
      libRoot: at('lib'),
      fsRoot: this.root,
      devRoot: '/dev',
      intervalMs: {
        process: 20,
        network: 20,
        device: 20,
        package: 20,
        login: 20,
        account: 20,
        kernel: 20,
        log: 20,
        audit: 20,
        file: 20,
        health: 20,
      },
    };
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  append(name: string, content: string | Uint8Array): void {
    appendFileSync(this.path(name), content);
  }

  link(name: string, target: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    symlinkSync(target, this.path(name));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true, force: true });
  }

  /** A process as /proc shows it. */
  process(pid: number, name: string, parent = 1, startTicks = 1000 + pid): void {
    const numbers = `${parent} ${pid} ${pid} 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 ${startTicks}`;
    this.write(`proc/${pid}/stat`, `${pid} (${name}) S ${numbers} 0 0 0 0 0 0 0 0 0\n`);
    this.write(`proc/${pid}/cmdline`, `/bin/${name}\0--flag\0`);
    this.write(`proc/${pid}/status`, `Name:\t${name}\nUid:\t1000\t1000\t1000\t1000\n`);
    mkdirSync(this.path(`proc/${pid}/fd`), { recursive: true });
  }

  end(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
