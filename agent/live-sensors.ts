import type { SensorOverrides } from './bundle/sensor-overrides.ts';
import type { Emit, Sensor } from './sensors/sensor.ts';

export interface LiveSensorsOptions {
  /** New sensors with these settings on top of the defaults, below the host's own. */
  readonly make: (overrides: SensorOverrides) => readonly Sensor[];
  readonly emit: Emit;
  readonly onStarted: (sensor: Sensor) => void;
  /** Names of sensors that are at rest, and stay so. */
  readonly resting: () => readonly string[];
}

/** The sensors of the agent, which are made anew when their settings change. `all` stays the same list. */
export class LiveSensors {
  readonly #o: LiveSensorsOptions;
  readonly all: Sensor[] = [];
  #overrides = '{}';

  constructor(options: LiveSensorsOptions) {
    this.#o = options;
  }

  async start(overrides: SensorOverrides): Promise<void> {
    const resting = this.#o.resting();
    this.#overrides = JSON.stringify(overrides);
    this.all.splice(0, this.all.length, ...this.#o.make(overrides));
    await Promise.all(
      this.all.map(async (sensor) => {
        if (resting.includes(sensor.describe().name)) return;
        await sensor.start(this.#o.emit);
        this.#o.onStarted(sensor);
      }),
    );
  }

  /** Makes them anew where the settings are others than those they have. */
  async apply(overrides: SensorOverrides): Promise<void> {
    if (JSON.stringify(overrides) === this.#overrides) return;
    await this.stop();
    await this.start(overrides);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((sensor) => sensor.stop()));
  }
}
