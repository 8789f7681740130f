import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { LivePackets } from './live-packets.ts';

/** Packets through libpcap, wherever it runs; which process they belong to is not known. */
export function packetPortable(settings: Settings): Provider {
  const isRoot = process.getuid?.() === 0;
  return new LivePackets({
    kind: 'portable',
    settings: settings.packet,
    whyNot: () => (isRoot || process.platform === 'win32' ? undefined : 'capturing packets takes root'),
    owners: undefined,
  });
}
