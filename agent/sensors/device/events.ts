import type { DeviceKind } from '#shared/events/device-kinds.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';

/** A device as it was when it was attached. */
export interface DeviceFacts {
  /** Path under /sys, or what the provider gives. */
  readonly id: string;
  readonly kind: DeviceKind;
  readonly name: string;
  readonly bus: string;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  /** Four hex digits each. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly isVirtual?: boolean | undefined;
}

export function deviceChangeEvent(
  device: DeviceFacts,
  action: 'attached' | 'detached',
  time: number,
  baseline: boolean,
): EventByType['device.change'] {
  return {
    type: 'device.change',
    time,
    'event.baseline': baseline || undefined,
    'event.action': action,
    'device.id': device.id,
    'device.kind': device.kind,
    'device.name': device.name,
    'device.bus': device.bus,
    'device.manufacturer': device.manufacturer,
    'device.model.name': device.model,
    'device.serial_number': device.serial,
    'device.vendor_id': device.vendorId,
    'device.product_id': device.productId,
    'device.virtual': device.isVirtual,
  };
}

/** Devices by key, compared from look to look. */
export class AttachedDevices {
  #known = new Map<string, DeviceFacts>();
  #first = true;

  /** Gives the events of what came and went. `detailsOf` is asked for new keys only; undefined leaves the key out. */
  compare(
    keys: Iterable<string>,
    detailsOf: (key: string) => DeviceFacts | undefined,
    time: number,
  ): EventByType['device.change'][] {
    const events: EventByType['device.change'][] = [];
    const seen = new Map<string, DeviceFacts>();
    for (const key of keys) {
      const known = this.#known.get(key);
      const device = known ?? detailsOf(key);
      if (device === undefined) continue;
      seen.set(key, device);
      if (known === undefined) events.push(deviceChangeEvent(device, 'attached', time, this.#first));
    }
    for (const [key, device] of this.#known) {
      if (!seen.has(key)) events.push(deviceChangeEvent(device, 'detached', time, false));
    }
    this.#known = seen;
    this.#first = false;
    return events;
  }
}
