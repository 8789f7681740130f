import type { EventByType } from '#shared/events/registry.gen.ts';
import { tcpFlag } from '../decode/packet.ts';
import { endpointFields } from './endpoints.ts';
import type { Flow } from './flow.ts';

export type FlowEvent = EventByType['network.flow'];
export type EndReason = NonNullable<FlowEvent['event.reason']>;

/** Largest integer of an event; a hostile capture may count beyond. */
const maxInt = 2 ** 52;
const bounded = (value: number) => Math.min(value, maxInt);

/** `reason` is absent for a flow that goes on; `isComplete` says that every packet of the capture is counted. */
export function flowEvent(flow: Flow, reason: EndReason | undefined, isComplete: boolean): FlowEvent {
  const { client, server, firstUs, lastUs, endpoints } = flow;
  const isCounted = isComplete && !flow.isEstimated;
  return {
    type: 'network.flow',
    time: lastUs,
    'event.action': reason === undefined ? 'ongoing' : 'ended',
    'event.reason': reason,
    'event.start': firstUs,
    'event.end': lastUs,
    'event.duration': bounded((lastUs - firstUs) * 1000),
    'source.bytes': bounded(client.bytes),
    'destination.bytes': bounded(server.bytes),
    'network.bytes': bounded(client.bytes + server.bytes),
    'source.packets': isCounted ? client.packets : undefined,
    'destination.packets': isCounted ? server.packets : undefined,
    'network.flow.accuracy': accuracyOf(flow, reason),
    'tcp.flags': endpoints.transport === 'tcp' ? flagNames(flow.flags) : undefined,
    ...endpointFields(endpoints),
  };
}

/** A connection both ends closed has told all its bytes by sequence numbers, however few of its packets were seen. */
function accuracyOf(
  { endpoints, isEstimated, client, server }: Flow,
  reason: EndReason | undefined,
): FlowEvent['network.flow.accuracy'] {
  if (reason === 'refused' || reason === 'unanswered') return 'exact';
  if (endpoints.transport === 'udp') return isEstimated ? 'estimated' : 'exact';
  if (!client.synSeen || (!server.synSeen && server.bytes > 0)) return 'at-least';
  return client.finSeen && server.finSeen ? 'exact' : 'sequence';
}

function flagNames(flags: number): string[] {
  return Object.entries(tcpFlag)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name.toUpperCase());
}
