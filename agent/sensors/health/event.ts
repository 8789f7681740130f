import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { AgentFacts } from '../options.ts';
import type { SensorState } from '../sensor.ts';

type Health = EventByType['host.health'];
/** What a provider finds out about the host. */
export type HostFacts = Partial<{ [K in keyof Health as K extends `host.${string}` ? K : never]: Health[K] }>;

/** Names and states of the sensors next to this one. */
export type SensorStates = () => readonly (readonly [name: string, state: SensorState])[];

/** `name=mode`, or `name=status (reason)` for a sensor that does not run. */
export function stateText(name: string, state: SensorState): string {
  if (state.status === 'running') return `${name}=${state.mode}`;
  if (state.status === 'stopped') return `${name}=stopped`;
  return `${name}=${state.status} (${state.reason})`;
}

/** Measures the agent itself between one call and the next, and makes the event of both. */
export class HealthEvents {
  #cpuUs = 0;
  #atMs = 0;

  event(host: HostFacts, facts: AgentFacts, states: SensorStates, baseline: boolean): Health {
    return {
      type: 'host.health',
      time: nowUs(),
      'event.baseline': baseline || undefined,
      ...host,
      'agent.cpu.usage': this.#cpuShare(),
      'agent.memory.rss': process.memoryUsage.rss(),
      'agent.uptime': Math.floor(process.uptime()),
      'agent.outbox.size': facts.outboxSizeBytes,
      'agent.outbox.events': facts.outboxEvents,
      'agent.sensors': [...states().map(([name, state]) => stateText(name, state)), ...(facts.sensors ?? [])],
    };
  }

  /** Share of one processor since the last call; since the start of the process at the first. */
  #cpuShare(): number {
    const { user, system } = process.cpuUsage();
    const atMs = process.uptime() * 1000;
    const elapsedUs = (atMs - this.#atMs) * 1000;
    const share = elapsedUs <= 0 ? 0 : (user + system - this.#cpuUs) / elapsedUs;
    this.#cpuUs = user + system;
    this.#atMs = atMs;
    return Math.max(0, share);
  }
}
