import type { Test } from 'tap';
import type { PackageSettings } from '../../../agent/sensors/options.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import type { Sensor } from '../../../agent/sensors/sensor.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

const never = { verifyBytesPerSecond: 0, privilegeEntriesPerSecond: 0 };

/** A made-up host with a package sensor on it. */
export class PackageScene {
  readonly host = new FixtureHost();
  readonly #errors: unknown[] = [];
  readonly #sensors: Sensor[] = [];

  constructor(t: Test) {
    t.teardown(async () => {
      for (const sensor of this.#sensors) await sensor.stop();
      this.host.end();
      if (this.#errors.length > 0) throw this.#errors[0];
    });
  }

  /** By default the looks are an hour apart, so that only watches tell, and no pass through files is made. */
  async start(
    settings: Partial<PackageSettings> = never,
    intervalMs = 3_600_000,
  ): Promise<Collected & { sensor: Sensor }> {
    const sensor = createSensors({
      ...this.host.options,
      intervalMs: { package: intervalMs },
      package: { ...never, ...settings },
      onError: (_, error) => this.#errors.push(error),
    }).find((one) => one.describe().name === 'package');
    if (sensor === undefined) throw new Error('no package sensor');
    this.#sensors.push(sensor);
    const got = new Collected();
    await sensor.start(got.emit);
    return Object.assign(got, { sensor });
  }

  /** Makes all that packages of every kind leave on a disk. */
  furnish(): void {
    const { host } = this;
    host.write('var/lib/dpkg/status', 'Package: alpha\nStatus: install ok installed\nVersion: 1\n\n');
    host.write('lib/apk/db/installed', 'P:musl\nV:1.2.5-r0\n\n');
    host.write(
      'var/lib/pacman/local/zlib-1:1.3-2/desc',
      '%NAME%\nzlib\n\n%VERSION%\n1:1.3-2\n\n%ARCH%\nx86_64\n\n%INSTALLDATE%\n1700000000\n\n%PACKAGER%\nA B <a@b>\n\n%SIZE%\n300\n\n%VALIDATION%\npgp\n',
    );
    host.write('var/lib/pacman/local/ALPM_DB_VERSION', '9\n');
    host.write(
      'snap/core/7/meta/snap.yaml',
      "name: core\nversion: '16-2.61'\narchitectures:\n  - amd64\nsummary: x\n",
    );
    host.link('snap/core/current', '7');
    host.write('var/lib/snapd/snaps/core_7.snap', 'squash');
    const app = 'var/lib/flatpak/app/org.example.App/x86_64/stable';
    host.write(`${app}/0123456789abcdef/deploy`, 'flathub\0\u0001\u0002garbage');
    host.link(`${app}/active`, '0123456789abcdef');
    host.write(
      'usr/local/lib/node_modules/left-pad/package.json',
      '{"name":"left-pad","version":"1.3.0","author":"x"}',
    );
    host.write(
      'usr/local/lib/node_modules/@scope/tool/package.json',
      '{"name":"@scope/tool","version":"2.0.0"}',
    );
    const site = 'usr/local/lib/python3.12/dist-packages';
    host.write(
      `${site}/requests-2.31.0.dist-info/METADATA`,
      'Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\nAuthor: K\n\nName: lie\n',
    );
    host.write(
      `${site}/requests-2.31.0.dist-info/direct_url.json`,
      '{"url":"https://user:secret@git.example/r.git"}',
    );
    host.write(`${site}/old.egg-info`, 'Name: old\nVersion: 0.1\n');
    host.write('var/lib/gems/3.1.0/specifications/rack-test-2.1.0.gemspec', 'exit!');
    host.write('var/lib/gems/3.1.0/specifications/nokogiri-1.16.0-x86_64-linux.gemspec', '');
    host.write('var/lib/gems/3.1.0/specifications/default/json-2.6.1.gemspec', '');
  }
}
