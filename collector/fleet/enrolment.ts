import { createHash, randomBytes, type X509Certificate } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import { globMatches } from '#shared/glob.ts';
import { type EnrolmentAnswer, formatToken } from '#shared/protocol/identity.ts';
import type { EnrolmentStore, EnrolmentToken, HostFacts } from '../store/contract.ts';
import type { Audit } from './audit.ts';
import { type IdentifyDeps, provenHost } from './identify.ts';
import type { Issuer } from './issue.ts';

const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** Longest life of an enrolment token. */
const maxLifeMs = 30 * 86_400_000;

export interface TokenOptions {
  readonly maxUses: number;
  /** Bounded to 30 days. */
  readonly lifeMs: number;
  /** Glob over the names of hosts that may use it; any when absent. */
  readonly hostPattern?: string;
  /** Who makes it, for the audit log. */
  readonly actor?: string;
}

export interface Enrolment {
  /** A token for `maxUses` agents; its secret is in the answer only. `expiresAt` in microseconds. */
  createToken(
    options: TokenOptions,
  ): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: number }>;
  /** Makes a token useless from now on. Throws `api.not_found`. */
  revokeToken(id: string, actor: string): Promise<EnrolmentToken>;
  /** `certificate` is the one the TLS peer has shown that it has the key of. */
  enrol(request: unknown, certificate?: X509Certificate): Promise<Result<EnrolmentAnswer>>;
}

export interface EnrolmentDeps extends IdentifyDeps {
  readonly tokens: EnrolmentStore;
  readonly issuer: Issuer;
  /** `host:port` that tokens name. */
  readonly address: () => string;
  /** The root of bundles to trust; undefined while there is none. */
  readonly bundleRoot?: () => Uint8Array | undefined;
  readonly audit: Audit;
}

interface Request {
  readonly secret: string;
  readonly csr: string;
  readonly facts: HostFacts;
  readonly again: boolean;
}

/** What a host is called that does not say its name. */
export const namelessHost = 'unnamed';

/** Keeps known facts that are short strings; everything an agent says is hostile until checked. */
export function factsFrom(raw: Readonly<Record<string, unknown>>): HostFacts {
  const text = (name: string) => {
    const value = raw[name];
    return typeof value === 'string' && value.length > 0 ? value.slice(0, 256) : undefined;
  };
  return {
    hostname: text('hostname') ?? namelessHost,
    os: text('os') ?? 'unknown',
    osVersion: text('osVersion'),
    kernel: text('kernel'),
    arch: text('arch'),
    agentVersion: text('agentVersion'),
  };
}

function parseRequest(raw: unknown): Request | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { secret, csr, facts, again } = raw as Record<string, unknown>;
  if (typeof secret !== 'string' || typeof csr !== 'string') return undefined;
  if (typeof facts !== 'object' || facts === null) return undefined;
  return { secret, csr, facts: factsFrom(facts as Record<string, unknown>), again: again === true };
}

/** Whether the token lets this host in, its uses aside. */
function admits(token: EnrolmentToken | undefined, hostname: string, at: number): Result<EnrolmentToken> {
  const isGood =
    token !== undefined && token.revokedAt === null && token.expiresAt > at && token.uses < token.maxUses;
  if (!isGood) return fail('enroll.token_refused', 'The token is unknown, used up, revoked or expired.');
  if (token.hostPattern !== null && !globMatches(token.hostPattern, hostname))
    return fail('enroll.host_refused', `The token is for hosts named ${token.hostPattern}.`);
  return ok(token);
}

export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  const { authority, tokens, hosts, issuer, audit } = deps;

  async function admit(request: Request, hostId: string): Promise<Result<EnrolmentAnswer>> {
    const { hostname } = request.facts;
    const hash = sha256(request.secret);
    const token = admits(await tokens.find(hash), hostname, nowUs());
    if (!token.ok) return token;
    // Sign first: a request that cannot be signed must not use the token up. Nothing is given out before the token is taken.
    const signed = await issuer.sign(request.csr, hostId);
    if (!signed.ok) return signed;
    if (!(await tokens.take(hash, nowUs())))
      return fail('enroll.token_refused', 'The token is unknown, used up, revoked or expired.');
    const at = nowUs();
    await hosts.add(hostId, request.facts, at);
    const serial = await issuer.record(signed.value, hostId);
    const detail = { token: token.value.id, serial, hostname, again: request.again ? 'yes' : 'no' };
    await audit({ at, actor: `host ${hostId}`, action: 'host.enrol', target: `host ${hostId}`, detail });
    const root = deps.bundleRoot?.();
    const bundleRoot = root === undefined ? {} : { bundleRoot: Buffer.from(root).toString('base64') };
    return ok({ hostId: hostId, certificate: signed.value, ca: authority.trust, ...bundleRoot });
  }

  return {
    async createToken({ maxUses, lifeMs, hostPattern, actor = 'collector' }) {
      const secret = randomBytes(24).toString('base64url');
      const id = randomBytes(6).toString('hex');
      const createdAt = nowUs();
      const expiresAt = createdAt + Math.min(lifeMs, maxLifeMs) * 1000;
      const bound = { maxUses, hostPattern: hostPattern ?? null };
      await tokens.add({ id, createdAt, expiresAt, ...bound }, sha256(secret));
      const detail = { maxUses, expiresAt, hosts: hostPattern ?? '*' };
      await audit({
        at: createdAt,
        actor,
        action: 'enrolment-token.make',
        target: `enrolment token ${id}`,
        detail,
      });
      const ticket = { address: deps.address(), caFingerprint: authority.caFingerprint, secret };
      return { id, token: formatToken(ticket), expiresAt };
    },
    async revokeToken(id, actor) {
      const at = nowUs();
      const token = await tokens.revoke(id, at);
      if (token === undefined) throw new VedetteError('api.not_found', `There is no enrolment token ${id}.`);
      await audit({
        at,
        actor,
        action: 'enrolment-token.revoke',
        target: `enrolment token ${id}`,
        detail: { uses: token.uses },
      });
      return token;
    },
    async enrol(raw, certificate) {
      const request = parseRequest(raw);
      if (request === undefined)
        return fail('enroll.request_malformed', 'The enrolment request is incomplete.');
      if (!request.again) return await admit(request, randomBytes(8).toString('hex'));
      const host = await provenHost(deps, certificate);
      if (!host.ok) return host;
      const answer = await admit(request, host.value.id);
      if (answer.ok && host.value.state !== 'active')
        await hosts.setState(host.value.id, 'active', 'enrolled again', nowUs());
      return answer;
    },
  };
}
