import { join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';

/** Who this agent is and whom it trusts. PEM throughout; the key never leaves the host. */
export interface AgentIdentity {
  readonly hostId: string;
  /** `host:port` of the collector. */
  readonly address: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** The root of bundles of rules as it was at enrolment, base64; absent where the collector had none. */
  readonly bundleRoot?: string;
}

const file = 'identity.json';
const fields = ['hostId', 'address', 'ca', 'certificate', 'key'] as const;

/** The identity kept in the folder; undefined before enrolment. Throws `data.corrupt` when it is damaged. */
export function loadIdentity(folder: string): AgentIdentity | undefined {
  const path = join(folder, file);
  const text = readText(path);
  if (text === undefined) return undefined;
  let value: Partial<AgentIdentity> | null;
  try {
    value = JSON.parse(text) as Partial<AgentIdentity> | null;
  } catch (error) {
    throw new VedetteError('data.corrupt', `${path} is not JSON.`, { cause: error });
  }
  if (value === null || !fields.every((name) => typeof value[name] === 'string')) {
    throw new VedetteError('data.corrupt', `${path} lacks a part.`);
  }
  return value as AgentIdentity;
}

/** Keeps the identity, readable by its owner only. */
export function saveIdentity(folder: string, identity: AgentIdentity): void {
  writeText(join(folder, file), `${JSON.stringify(identity, null, 2)}\n`);
}
