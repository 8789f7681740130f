/** Wires a packet capture in a file to standard output, or through the delivery of this host to its collector. */
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { type AnyEvent, eventSpecs } from '#shared/events/registry.gen.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import { printable } from '#shared/terminal.ts';
import { agentSettings } from './config.ts';
import { type Delivery, type DeliveryEvent, startDelivery } from './delivery.ts';
import { loadIdentity } from './identity/identity.ts';
import { packetSettingsOf } from './sensor-settings.ts';
import { boundsOf } from './sensors/packet/bounds.ts';
import { readCaptureFile } from './sensors/packet/capture/capture-file.ts';
import { Traffic, type TrafficCounts } from './sensors/packet/traffic.ts';

/** Bytes of events waiting for the collector at which reading pauses. */
const maxWaitingBytes = 32 * 1024 * 1024;
const pollMs = 50;

/** What came of a capture. */
export interface ReplaySummary {
  readonly path: string;
  readonly format: 'pcap' | 'pcapng';
  readonly sizeBytes: number;
  readonly packets: TrafficCounts;
  /** Frames of kinds that are not understood. */
  readonly unknownFrames: number;
  /** DNS messages and TLS hellos that were malformed in packets that were not. */
  readonly malformedMessages: number;
  /** What was told before its end because a bound was reached. */
  readonly givenUp: Traffic['givenUp'];
  /** Events by type. */
  readonly events: Readonly<Record<string, number>>;
  readonly damage: VedetteError | undefined;
}

export interface ReplayOptions {
  /** The agent's own folder, for its settings. */
  readonly folder: string;
  readonly path: string;
}

type AgentConfig = Config<typeof agentSettings>;

function configOf(folder: string): AgentConfig {
  return parseConfig(agentSettings, readConfigFile(join(folder, 'config.json')));
}

async function replay(
  path: string,
  config: AgentConfig,
  emit: (event: AnyEvent) => void,
  rest: () => Promise<void>,
): Promise<ReplaySummary> {
  const events: Record<string, number> = {};
  const traffic = new Traffic({
    bounds: boundsOf(packetSettingsOf(config, '')),
    isComplete: true,
    onTold(event) {
      events[event.type] = (events[event.type] ?? 0) + 1;
      emit({ ...event, 'event.provider': 'pcap' });
    },
  });
  const result = await readCaptureFile({
    path,
    take: (...frame) => traffic.take(...frame),
    rest,
  });
  traffic.close();
  const { format, sizeBytes, unknownFrames, damage } = result;
  const { counts: packets, malformedMessages, givenUp } = traffic;
  return { path, format, sizeBytes, packets, unknownFrames, malformedMessages, givenUp, events, damage };
}

/** Writes the events of a capture as JSON lines, as the collector would keep them. Throws `capture.*`, `config.invalid`. */
export function printCapture({ folder, path }: ReplayOptions, out: Writable): Promise<ReplaySummary> {
  const print = (event: AnyEvent) => {
    const checked = checkEvent(eventSpecs[event.type], event);
    if (checked.ok) out.write(`${JSON.stringify(checked.value)}\n`);
  };
  const drained = async () => {
    while (out.writableNeedDrain && !out.destroyed) await sleep(1);
  };
  return replay(path, configOf(folder), print, drained);
}

export interface SendOptions extends ReplayOptions {
  /** `host:port` in place of the address of enrolment. */
  readonly address?: string | undefined;
  readonly log: (event: DeliveryEvent) => void;
}

/**
 * Sends the events of a capture as events of this host, and resolves when the collector has acknowledged all of them
 * and whatever was in the outbox before. Ended early, the rest stays there for the agent's next run. Throws
 * `capture.*`, `agent.not_enrolled`, `data.*` (in use: the agent runs), `config.invalid`.
 */
export async function sendCapture(options: SendOptions): Promise<ReplaySummary> {
  const { folder, path, log } = options;
  const config = configOf(folder);
  const identity = loadIdentity(folder);
  if (identity === undefined) throw new VedetteError('agent.not_enrolled', `${folder} holds no identity.`);
  const lock = lockDataFolder(folder);
  try {
    const address = options.address ?? identity.address;
    const delivery = startDelivery({ folder, config, identity, address, log });
    try {
      const most = Math.min(maxWaitingBytes, config.outboxMaxBytes / 2);
      const summary = await replay(path, config, delivery.emit, () => sentBelow(delivery, most));
      delivery.flush();
      await sentBelow(delivery, 0);
      return summary;
    } finally {
      await delivery.close();
    }
  } finally {
    lock.release();
  }
}

async function sentBelow(delivery: Delivery, bytes: number): Promise<void> {
  while (delivery.outbox.sizeBytes > bytes) await sleep(pollMs);
}

/** The summary in words. */
export function summaryLines(summary: ReplaySummary): string[] {
  const { packets, events, givenUp } = summary;
  const told = Object.entries(events).map(([type, count]) => `${count} ${type}`);
  const lines = [
    `${printable(summary.path)}: ${summary.format}, ${summary.sizeBytes} bytes, ${packets.packets} packets`,
    `decoded ${packets.decoded}, of other kinds ${packets.other + summary.unknownFrames}, later fragments ${packets.fragments}, malformed ${packets.malformed}, malformed messages ${summary.malformedMessages}`,
    `events: ${told.length === 0 ? 'none' : told.join(', ')}`,
  ];
  const early = givenUp.flows + givenUp.streams + givenUp.scanWindows;
  if (early > 0) {
    lines.push(
      `given up at a bound: ${givenUp.flows} flows, ${givenUp.streams} messages, ${givenUp.scanWindows} sources`,
    );
  }
  return lines;
}
