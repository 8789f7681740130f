import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { parseConfig } from '#shared/config.ts';
import { agentSettings } from '../../agent/config.ts';
import { type Delivery, type DeliveryEvent, startDelivery } from '../../agent/delivery.ts';
import { type AgentIdentity, saveIdentity } from '../../agent/identity/identity.ts';

export interface RunningDelivery {
  readonly delivery: Delivery;
  readonly log: readonly DeliveryEvent[];
  /** Waits for as long as it takes. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
}

/** The delivery half of an agent, quick to connect again; it ends with the test. */
export function runDelivery(
  t: Test,
  folder: string,
  identity: AgentIdentity,
  address: string,
  settings: Readonly<Record<string, unknown>> = {},
): RunningDelivery {
  const log: DeliveryEvent[] = [];
  saveIdentity(folder, identity);
  const quick = { flushMs: 20, flushNormalMs: 20, backoffMinMs: 20, backoffMaxMs: 200, pingMs: 100 };
  const config = parseConfig(agentSettings, { ...quick, ...settings });
  const delivery = startDelivery({ folder, config, identity, address, log: (event) => void log.push(event) });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await delivery.close();
    isClosed = true;
  };
  t.teardown(close);
  return {
    delivery: { ...delivery, isConnected: delivery.isConnected, close },
    log,
    async until(holds) {
      while (!(await holds())) await sleep(20);
    },
  };
}
