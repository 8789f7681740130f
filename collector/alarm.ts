import { nowUs } from '#shared/clock.ts';
import { type IdentityAttack, identityRules } from './detect/identity-rules.ts';
import { ownAlert } from './detect/own-alert.ts';
import type { Alert, AlertStore, HostStore } from './store/contract.ts';

/** An attack on an identity, as the gateway saw it. */
export interface Attack {
  readonly code: IdentityAttack;
  readonly hostId: string;
  readonly detail: string;
  /** Remote addresses and the like, by ECS name. */
  readonly fields: Readonly<Record<string, string | number>>;
}

type Publish = (raised: { readonly alert: Alert; readonly isNew: boolean }) => void;

/** Alerts remembered as raised in this hour; what comes beyond is counted and raises none. */
const maxRaised = 1000;

/** Raises an alert about attacks on identities, one for each kind, host and hour, however often it is tried. */
export class Alarm {
  readonly #alerts: AlertStore;
  readonly #hosts: HostStore;
  readonly #publish: Publish;
  readonly #raised = new Set<string>();
  #hour = 0;
  /** Sightings that were not alerted because too many others were in their hour. */
  shed = 0;

  constructor(alerts: AlertStore, hosts: HostStore, publish: Publish) {
    this.#alerts = alerts;
    this.#hosts = hosts;
    this.#publish = publish;
  }

  async raise({ code, hostId, detail, fields }: Attack): Promise<void> {
    const at = nowUs();
    const hour = Math.floor(at / 3_600_000_000);
    if (hour !== this.#hour) this.#raised.clear();
    this.#hour = hour;
    const key = `${code} ${hostId}`;
    if (this.#raised.has(key)) return;
    if (this.#raised.size >= maxRaised) {
      this.shed++;
      return;
    }
    this.#raised.add(key);
    try {
      const hostName = (await this.#hosts.get(hostId))?.hostname ?? 'unnamed';
      const rule = identityRules[code];
      const reason = `${rule.title}: ${detail}`;
      this.#publish(
        await this.#alerts.raise(
          ownAlert({ rule, dataset: 'collector.identity', hostId, hostName, at, reason, fields }),
        ),
      );
    } catch (error) {
      // It could not be stored: the next sighting tries again.
      this.#raised.delete(key);
      throw error;
    }
  }
}
