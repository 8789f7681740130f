import type { EventByType } from '#shared/events/registry.gen.ts';
import { ownerFields } from '../process/events.ts';
import type { ProcessEntry } from '../process/table.ts';
import { nodeKind } from './node-kinds.ts';

type DeviceAccess = EventByType['device.access'];

/** Nodes held by processes that are remembered; far above what hosts have. */
export const maxHeld = 16_384;

/** A process that holds a node. */
export interface Holding {
  readonly pid: number;
  readonly process: ProcessEntry | undefined;
  /** Path of the node. */
  readonly node: string;
}

interface Held extends Holding {
  /** When it was first seen, in microseconds since the epoch. */
  readonly sinceAt: number;
}

/** Which process holds which node, compared from look to look. */
export class HeldNodes {
  readonly #prefixLength: number;
  #held = new Map<string, Held>();
  #first = true;
  /** Nodes that were one too many at the last look. */
  shed = 0;

  /** `devRoot` is what stands before the names of nodes, without the last slash. */
  constructor(devRoot: string) {
    this.#prefixLength = devRoot.length + 1;
  }

  /** Gives the events of what was opened and let go since the last call. */
  compare(holdings: Iterable<Holding>, time: number): DeviceAccess[] {
    const events: DeviceAccess[] = [];
    const now = new Map<string, Held>();
    this.shed = 0;
    for (const holding of holdings) {
      const key = `${holding.process?.entityId ?? holding.pid} ${holding.node}`;
      const known = this.#held.get(key);
      if (now.size >= maxHeld) {
        this.shed++;
        continue;
      }
      now.set(key, known ?? { ...holding, sinceAt: time });
      if (known === undefined) events.push(this.#event(holding, 'opened', time, this.#first));
    }
    for (const [key, holding] of this.#held) {
      if (now.has(key)) continue;
      const heldUs = Math.max(0, time - holding.sinceAt);
      events.push({ ...this.#event(holding, 'released', time, false), 'device.held_us': heldUs });
    }
    this.#held = now;
    this.#first = false;
    return events;
  }

  #event(
    holding: Holding,
    action: DeviceAccess['event.action'],
    time: number,
    baseline: boolean,
  ): DeviceAccess {
    const { pid, node, process: owner } = holding;
    return {
      type: 'device.access',
      time,
      'event.baseline': baseline || undefined,
      'event.action': action,
      'device.kind': nodeKind(node.slice(this.#prefixLength)) ?? 'other',
      'device.name': node,
      'process.pid': pid,
      ...ownerFields(owner),
      'user.id': owner?.userId,
      'user.name': owner?.userName,
    };
  }
}
