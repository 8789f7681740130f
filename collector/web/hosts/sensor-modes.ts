/** Modes of a host's sensors, from its health event: entries like `process=kernel` or `dns=unavailable (no right)`. */
export const modeWords: Readonly<Record<string, string>> = {
  kernel: 'every event, from the kernel',
  followed: 'every line, as it is written',
  sampled: 'looked at from time to time',
  unavailable: 'not to be had on this host',
  failed: 'should work and does not',
  stopped: 'does not look at present',
};

export interface SensorMode {
  readonly name: string;
  readonly mode: string;
  /** Why it does not run; empty where it does. */
  readonly note: string;
}

/** `entries` is the field `agent.sensors` of a health event, whatever it holds. */
export function sensorModes(entries: unknown): readonly SensorMode[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry) => {
    const text = String(entry);
    const [, name = text, mode = '', note = ''] = /^([^=]+)=(\w+)\s*(?:\((.*)\))?/s.exec(text) ?? [];
    return { name, mode, note };
  });
}

/** Whether a sensor gives what it is there for. */
export const isRunning = ({ mode }: SensorMode) => !['unavailable', 'failed', 'stopped'].includes(mode);
