import { createHash, randomBytes } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { fail, ok, type Result } from '#shared/errors.ts';
import { type EnrolmentAnswer, formatToken } from '#shared/protocol/identity.ts';
import type { EnrolmentStore, HostFacts, HostStore } from '../store/contract.ts';
import type { Authority } from './authority.ts';

const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** Longest life of an enrolment token. */
const maxLifeMs = 30 * 86_400_000;

export interface Enrolment {
  /** A token for `maxUses` agents; its secret is in the answer only. `lifeMs` is bounded to 30 days; `expiresAt` in microseconds. */
  createToken(options: {
    readonly maxUses: number;
    readonly lifeMs: number;
  }): Promise<{ readonly token: string; readonly expiresAt: number }>;
  enrol(request: unknown): Promise<Result<EnrolmentAnswer>>;
}

interface Request {
  readonly secret: string;
  readonly csr: string;
  readonly facts: HostFacts;
}

/** Keeps known facts that are short strings; everything an agent says is hostile until checked. */
export function factsFrom(raw: Readonly<Record<string, unknown>>): HostFacts {
  const text = (name: string) => {
    const value = raw[name];
    return typeof value === 'string' && value.length > 0 ? value.slice(0, 256) : undefined;
  };
  return {
    hostname: text('hostname') ?? 'unnamed',
    os: text('os') ?? 'unknown',
    osVersion: text('osVersion'),
    kernel: text('kernel'),
    arch: text('arch'),
    agentVersion: text('agentVersion'),
  };
}

function parseRequest(raw: unknown): Request | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { secret, csr, facts } = raw as Record<string, unknown>;
  if (typeof secret !== 'string' || typeof csr !== 'string' || csr.length > 16_384) return undefined;
  if (typeof facts !== 'object' || facts === null) return undefined;
  return { secret, csr, facts: factsFrom(facts as Record<string, unknown>) };
}

export function createEnrolment(
  authority: Authority,
  store: EnrolmentStore,
  hosts: HostStore,
  address: () => string,
): Enrolment {
  return {
    async createToken({ maxUses, lifeMs }) {
      const secret = randomBytes(24).toString('base64url');
      const id = randomBytes(6).toString('hex');
      const createdAt = nowUs();
      const expiresAt = createdAt + Math.min(lifeMs, maxLifeMs) * 1000;
      await store.add({ id, createdAt, expiresAt, maxUses }, sha256(secret));
      const token = formatToken({ address: address(), caFingerprint: authority.caFingerprint, secret });
      return { token, expiresAt };
    },
    async enrol(raw) {
      const request = parseRequest(raw);
      if (request === undefined)
        return fail('enroll.request_malformed', 'The enrolment request is incomplete.');
      const hostId = randomBytes(8).toString('hex');
      // Sign first: a request that cannot be signed must not use the token up. Nothing is given out before the token is taken.
      const certificate = await authority.signAgent(request.csr, hostId);
      if (!certificate.ok) return certificate;
      if (!(await store.take(sha256(request.secret), nowUs()))) {
        return fail('enroll.token_refused', 'The token is unknown, used up or expired.');
      }
      await hosts.add(hostId, request.facts, nowUs());
      return ok({ hostId, certificate: certificate.value });
    },
  };
}
