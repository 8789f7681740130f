import { BoundedFile } from '../linux/bounded-file.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { LivePackets } from './live-packets.ts';
import { OwnersLinux } from './owners.linux.ts';

/** Bit of CAP_NET_RAW (linux/capability.h), which opening a packet socket takes. */
const netRawBit = 13n;

/** Packets with the processes they belong to. */
export function packetLinux(host: LinuxHost, settings: Settings): Provider {
  return new LivePackets({
    kind: 'linux',
    settings: settings.packet,
    whyNot: () => whyNoRight(settings.procRoot),
    owners: new OwnersLinux(host, settings),
  });
}

/** By the effective capabilities of the agent: asking the library would cost memory at each refusal. */
function whyNoRight(procRoot: string): string | undefined {
  const status = new BoundedFile(16 * 1024).text(`${procRoot}/self/status`);
  const capabilities = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status ?? '')?.[1];
  if (capabilities === undefined) return `${procRoot}/self/status does not tell the rights of the agent`;
  const has = (BigInt(`0x${capabilities}`) >> netRawBit) & 1n;
  return has === 1n ? undefined : 'capturing packets takes root or the capability CAP_NET_RAW';
}
