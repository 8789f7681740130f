import type { Config } from '#shared/config.ts';
import type { agentSettings } from './config.ts';
import type { PacketSettings } from './sensors/packet/settings.ts';

/** The settings of the packet sensor; `collector` is the `host:port` whose connection is not captured. */
export function packetSettingsOf(config: Config<typeof agentSettings>, collector: string): PacketSettings {
  return {
    capture: config.packetCapture === 'off' ? 'off' : 'auto',
    interfaces: config.packetInterfaces,
    filter: config.packetFilter,
    snapBytes: config.packetSnapBytes,
    ringBytes: config.packetRingBytes,
    cpuPercent: config.packetCpuPercent,
    eventsPerSecond: config.packetEventsPerSecond,
    flows: config.packetFlows,
    questions: config.packetQuestions,
    streamBytes: config.packetStreamBytes,
    flowReportMs: config.packetFlowReportMs,
    scanTargets: config.packetScanTargets,
    collector,
  };
}
