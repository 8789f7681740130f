import type { Test } from 'tap';
import type { AnyEvent, EventByType } from '#shared/events/registry.gen.ts';
import type { FileSettings } from '../../../agent/sensors/options.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import type { Sensor, SensorState } from '../../../agent/sensors/sensor.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

export type FileEvent = EventByType['file.create' | 'file.change' | 'file.rename' | 'file.delete'];

export function isFileEvent(event: AnyEvent): event is FileEvent {
  return event.type.startsWith('file.');
}

/** A made-up host with a file sensor on it. */
export class FileScene {
  readonly host = new FixtureHost();
  readonly errors: unknown[] = [];
  readonly #sensors: Sensor[] = [];

  constructor(t: Test) {
    t.teardown(async () => {
      for (const sensor of this.#sensors) await sensor.stop();
      this.host.end();
      if (this.errors.length > 0) throw this.errors[0];
    });
    this.host.write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/bash\n');
    this.host.write('etc/group', 'root:x:0:\n');
    this.host.write('home/ann/.bashrc', 'alias ll=ls\n');
  }

  /** By default the looks are an hour apart, so that only watches tell. */
  async start(
    file: Partial<FileSettings> = {},
    intervalMs = 3_600_000,
  ): Promise<Collected & { sensor: Sensor; state: SensorState }> {
    const sensor = createSensors({
      ...this.host.options,
      intervalMs: { file: intervalMs },
      file: { baselinePath: this.host.path('files.db'), ...file },
      onError: (_, error) => this.errors.push(error),
    }).find((one) => one.describe().name === 'file');
    if (sensor === undefined) throw new Error('no file sensor');
    this.#sensors.push(sensor);
    const got = new Collected();
    const state = await sensor.start(got.emit);
    return Object.assign(got, { sensor, state });
  }

  /** An event without the root of this host in its path. */
  short(event: FileEvent): string {
    const path = event['file.path'].slice(this.host.root.length + 1);
    const changes = event.type === 'file.change' ? ` ${event['file.changes']?.join()}` : '';
    const from =
      event.type === 'file.rename'
        ? ` from ${event['file.previous.path']?.slice(this.host.root.length + 1)}`
        : '';
    return `${event.type.slice(5)} ${path}${changes}${from}`;
  }

  /** What was told that was not there from the beginning, in order. */
  told(got: Collected): string[] {
    return got.events
      .filter(isFileEvent)
      .filter((event) => event['event.baseline'] !== true)
      .map((event) => this.short(event));
  }

  /** Waits until the sensor told of it. */
  async until(got: Collected, short: string): Promise<FileEvent> {
    const [what = ''] = short.split(' ');
    const type = `file.${what}` as FileEvent['type'];
    try {
      return await got.until(
        type,
        (event) => this.short(event) === short && event['event.baseline'] !== true,
      );
    } catch {
      throw new Error(`never told: ${short}; but ${this.told(got).join('; ')}`);
    }
  }
}
