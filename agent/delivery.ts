/** Wires the delivery of events: intake into the outbox, outbox over the uplink. */
import { join } from 'node:path';
import type { Config } from '#shared/config.ts';
import { untilBeat } from './beat.ts';
import type { agentSettings } from './config.ts';
import { hostFacts } from './facts.ts';
import type { AgentIdentity } from './identity/identity.ts';
import { LiveIdentity } from './identity/live-identity.ts';
import { type EdgePort, Intake } from './outbox/intake.ts';
import { Outbox } from './outbox/outbox.ts';
import type { Emit } from './sensors/sensor.ts';
import {
  type BundlePort,
  type CommandPort,
  type SchedulePort,
  Uplink,
  type UplinkEvent,
} from './uplink/uplink.ts';

export interface DeliveryOptions {
  /** Where the outbox is. */
  readonly folder: string;
  readonly config: Config<typeof agentSettings>;
  readonly identity: AgentIdentity;
  /** `host:port` of the collector. */
  readonly address: string;
  /** Takes the collector's commands, where there is an agent to do them. */
  readonly commands?: CommandPort;
  /** Takes scheduled queries, where there is an agent to ask them. */
  readonly schedule?: SchedulePort;
  /** Takes bundles of rules, and runs them on what is emitted. */
  readonly bundle?: BundlePort;
  readonly edge?: EdgePort;
  readonly log: (event: DeliveryEvent) => void;
}

export type DeliveryEvent =
  | UplinkEvent
  | { readonly what: 'problem'; readonly code: string; readonly detail: string };

export interface Delivery {
  readonly emit: Emit;
  readonly outbox: Outbox;
  readonly isConnected: () => boolean;
  /** Closes the open batches into the outbox now. */
  readonly flush: () => void;
  /** Keeps what was emitted and ends; what is unacknowledged stays in the outbox. */
  close(): Promise<void>;
}

function openOutbox({ folder, config, identity, log }: DeliveryOptions): Outbox {
  return new Outbox({
    path: join(folder, 'outbox.db'),
    hostId: identity.hostId,
    maxBytes: config.outboxMaxBytes,
    maxAgeMs: config.outboxMaxAgeMs,
    minFreeShare: config.outboxMinFreePercent / 100,
    syncsEach: config.syncMs === 0,
    onDamage: ({ setAside, batches, lost }) => {
      const where = setAside === undefined ? 'It was gone.' : `It was moved to ${setAside}.`;
      const detail = `${where} ${batches} batches were saved, ${lost} events are declared lost.`;
      log({ what: 'problem', code: 'agent.outbox_corrupt', detail });
    },
  });
}

/** Time between looks where every batch is on the disk at once. */
const tendMs = 1000;

/** Keeps the outbox within its bounds and on the disk. Gives the function that ends it. */
function tend(outbox: Outbox, uplink: Uplink, syncMs: number, log: DeliveryOptions['log']): () => void {
  const look = () => {
    timer = setTimeout(look, untilBeat(syncMs));
    try {
      outbox.sync();
      const lost = outbox.shed(uplink.isSent);
      if (lost > 0)
        log({ what: 'problem', code: 'agent.outbox_full', detail: `${lost} events were given up.` });
    } catch (error) {
      log({ what: 'problem', code: 'data.unreadable', detail: `outbox: ${(error as Error).message}.` });
    }
  };
  let timer = setTimeout(look, untilBeat(syncMs));
  return () => clearTimeout(timer);
}

/** Starts delivery for the folder. Throws `data.*`. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { folder, config, identity, address, log } = options;
  const outbox = openOutbox(options);
  const uplink = new Uplink({
    address,
    identity: new LiveIdentity(folder, identity),
    proxy: config.proxy,
    outbox,
    facts: hostFacts(),
    ...(options.commands !== undefined && { commands: options.commands }),
    ...(options.schedule !== undefined && { schedule: options.schedule }),
    ...(options.bundle !== undefined && { bundle: options.bundle }),
    backoffMs: { min: config.backoffMinMs, max: config.backoffMaxMs },
    pingMs: config.pingMs,
    stallMs: config.stallMs,
    log,
  });
  const intake = new Intake({
    outbox,
    ...(options.edge !== undefined && { edge: options.edge }),
    batchEvents: config.batchEvents,
    flushMs: { alert: config.flushMs, high: config.flushMs, normal: config.flushNormalMs },
    queueEvents: config.queueEvents,
    onKept: uplink.wake,
    onDiskError: (error) => {
      if (error !== undefined)
        log({ what: 'problem', code: 'data.unreadable', detail: `outbox: ${error.message}.` });
    },
  });
  uplink.start();
  const endTending = tend(outbox, uplink, config.syncMs || tendMs, log);
  return {
    emit: intake.emit,
    outbox,
    isConnected: () => uplink.isConnected,
    flush: () => intake.flush(),
    async close() {
      endTending();
      intake.close();
      await uplink.stop();
      outbox.close();
    },
  };
}
