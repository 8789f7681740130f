import { nowUs } from '#shared/clock.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { endEvent, startEvent } from './events.ts';

/** Samples /proc into the shared process table, whose changes become events. */
export function processLinux(host: LinuxHost, settings: Settings): Provider {
  let first = true;

  function attach(emit: Emit): void {
    host.processes.listen({
      started(entry, facts, again) {
        const time = first || again ? nowUs() : Math.min(facts.startAt, nowUs());
        emit(startEvent(entry, facts, time, first));
      },
      ended(entry, endAt, exitCode) {
        emit(endEvent(entry, endAt, exitCode));
      },
    });
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      return host.whyNoProcesses();
    },
    async look(emit) {
      if (first) {
        host.reader.reset();
        attach(emit);
      }
      host.reader.scanIfOlder(settings.intervalMs.process / 2);
      first = false;
    },
    note() {
      return host.reader.denied
        ? 'sampled: processes shorter than the interval are not seen, nor program files of other users'
        : 'sampled: processes shorter than the interval are not seen';
    },
    async close() {
      host.processes.listen(undefined);
    },
  };
}
