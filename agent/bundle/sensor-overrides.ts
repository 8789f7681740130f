import { parseConfig } from '#shared/config.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import { agentSettings } from '../config.ts';

/** Settings of sensors, which a bundle may give. All others are the host's own. */
const sensorSetting =
  /^(?:[a-z]+IntervalMs|packet[A-Z]\w*|file(?:Excludes|Hash\w+)|package[A-Z]\w*|privilege[A-Z]\w*|audit[A-Z]\w*|logLinesPerSecond|kernelEvents|kernelArguments|kernelBufferKib)$/;

export const sensorSettingsPath = 'settings/sensors.json';
export type SensorOverrides = Readonly<Record<string, unknown>>;

/** The sensor settings of a bundle; none where it has no such file. Throws `bundle.settings_refused`. */
export function sensorOverridesOf(files: ReadonlyMap<string, Uint8Array>): SensorOverrides {
  const bytes = files.get(sensorSettingsPath);
  if (bytes === undefined) return {};
  const refused = (detail: string, code: ErrorCode = 'bundle.settings_refused') =>
    new VedetteError(code, detail);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw refused(`${sensorSettingsPath}: ${(error as Error).message}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`${sensorSettingsPath} is not an object.`);
  const other = Object.keys(value).find(
    (name) => !sensorSetting.test(name) || !Object.hasOwn(agentSettings, name),
  );
  if (other !== undefined) throw refused(`\`${other.slice(0, 64)}\` is no setting of a sensor.`);
  try {
    parseConfig(agentSettings, value as SensorOverrides);
  } catch (error) {
    throw refused((error as VedetteError).detail);
  }
  return value as SensorOverrides;
}
