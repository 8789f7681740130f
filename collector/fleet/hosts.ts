import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Certificate, CertificateStore, Host, HostState, HostStore } from '../store/contract.ts';
import type { Audit } from './audit.ts';

/** Ends the live connections of a host, or those by one of its certificates. */
export type Evict = (hostId: string, error: VedetteError, serial?: string) => void;

/** What operators do to hosts and their certificates. Takes effect on live connections before it resolves. */
export interface Fleet {
  /** Throws `api.not_found`. */
  setState(id: string, state: HostState, reason: string, actor: string): Promise<Host>;
  /** By serial or SHA-256 fingerprint, hex. Throws `api.not_found`. */
  revokeCertificate(serialOrFingerprint: string, reason: string, actor: string): Promise<Certificate>;
}

export interface FleetDeps {
  readonly hosts: HostStore;
  readonly certificates: CertificateStore;
  readonly evict: Evict;
  readonly audit: Audit;
  readonly publish: (host: Host) => Promise<void>;
}

const codeOf = {
  revoked: 'identity.revoked',
  decommissioned: 'identity.decommissioned',
} as const;
const actionOf = {
  active: 'host.restore',
  revoked: 'host.revoke',
  decommissioned: 'host.decommission',
} as const;

export function createFleet({ hosts, certificates, evict, audit, publish }: FleetDeps): Fleet {
  return {
    async setState(id, state, reason, actor) {
      const at = nowUs();
      const host = await hosts.setState(id, state, reason, at);
      if (host === undefined) throw new VedetteError('api.not_found', `There is no host ${id}.`);
      if (state !== 'active') evict(id, new VedetteError(codeOf[state], `Host ${id}: ${reason}.`));
      await audit({ at, actor, action: actionOf[state], target: `host ${id}`, detail: { reason } });
      await publish(host);
      return host;
    },
    async revokeCertificate(serialOrFingerprint, reason, actor) {
      const at = nowUs();
      const wanted = serialOrFingerprint.toLowerCase().replaceAll(':', '');
      const certificate = await certificates.revoke(wanted, reason, at);
      if (certificate === undefined)
        throw new VedetteError('api.not_found', `There is no certificate ${serialOrFingerprint}.`);
      const { hostId, serial } = certificate;
      evict(hostId, new VedetteError('identity.revoked', `Certificate ${serial}: ${reason}.`), serial);
      const detail = { host: hostId, reason };
      await audit({ at, actor, action: 'certificate.revoke', target: `certificate ${serial}`, detail });
      return certificate;
    },
  };
}
