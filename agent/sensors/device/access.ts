import type { EventByType } from '#shared/events/registry.gen.ts';
import { ownerFields } from '../process/events.ts';
import type { ProcessEntry } from '../process/table.ts';
import { nodeKind } from './node-kinds.ts';

type DeviceAccess = EventByType['device.access'];

/** A process that holds a node. */
export interface Holding {
  readonly pid: number;
  readonly process: ProcessEntry | undefined;
  /** Path of the node. */
  readonly node: string;
}

/** Which process holds which node, compared from look to look. */
export class HeldNodes {
  readonly #prefixLength: number;
  #held = new Map<string, Holding>();
  #first = true;

  /** `devRoot` is what stands before the names of nodes, without the last slash. */
  constructor(devRoot: string) {
    this.#prefixLength = devRoot.length + 1;
  }

  /** Gives the events of what was opened and let go since the last call. */
  compare(holdings: Iterable<Holding>, time: number): DeviceAccess[] {
    const events: DeviceAccess[] = [];
    const now = new Map<string, Holding>();
    for (const holding of holdings) {
      const key = `${holding.process?.entityId ?? holding.pid} ${holding.node}`;
      const known = this.#held.get(key);
      now.set(key, known ?? holding);
      if (known === undefined) events.push(this.#event(holding, 'opened', time, this.#first));
    }
    for (const [key, holding] of this.#held) {
      if (!now.has(key)) events.push(this.#event(holding, 'released', time, false));
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
