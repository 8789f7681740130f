import { arch, hostname, platform, release, version } from 'node:os';
import manifest from '../package.json' with { type: 'json' };

const products: Readonly<Record<string, string>> = { linux: 'linux', win32: 'windows', darwin: 'macos' };

/** What the agent says of its host at enrolment and in every hello. */
export function hostFacts(): Record<string, string> {
  return {
    hostname: hostname(),
    os: products[platform()] ?? platform(),
    osVersion: version(),
    kernel: release(),
    arch: arch(),
    agentVersion: manifest.version,
  };
}
