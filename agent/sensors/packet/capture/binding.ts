import { createRequire } from 'node:module';

/**
 * The native session of the `pcap` package, version 3.1 (pcap_session.cc there). It is used without the package's own
 * JavaScript: that watches the socket through a libuv handle which is never closed, and decodes into objects.
 *
 * - `open_live` throws when the device cannot be opened or the filter not compiled.
 * - `dispatch` copies one packet after the other into `frame`, its header into `header` (seconds, microseconds,
 *   captured and original length, 32 bits each in the machine's byte order) and calls `onFrame`, until there are no
 *   more. It gives 0, or -2 once the session was closed, and only that lets go of it.
 * - `close` marks the session: `dispatch` then ends it, on Linux not before the next packet has come.
 * - `stats` throws after that.
 */
export interface NativeSession {
  open_live(
    device: string,
    filter: string,
    ringBytes: number,
    snapBytes: number,
    outFile: string,
    onFrame: () => void,
    isMonitor: boolean,
    timeoutMs: number,
    onWarning: (text: string) => void,
    isPromiscuous: boolean,
  ): string;
  dispatch(frame: Buffer, header: Buffer): number;
  stats(): { readonly ps_recv: number; readonly ps_drop: number; readonly ps_ifdrop: number };
  close(): void;
}

export interface NativeBinding {
  readonly PcapSession: new () => NativeSession;
  /** The first interface with an address that is not the loopback one; undefined when there is none. */
  default_device(): string | undefined;
}

const path = 'pcap/build/Release/pcap_binding.node';

/** The binding, or why it cannot be had here. */
export function loadBinding(): NativeBinding | string {
  try {
    return createRequire(import.meta.url)(path) as NativeBinding;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') {
      return 'the optional pcap module is not built here: install the headers of libpcap (Debian: libpcap-dev) and run the set-up again';
    }
    const first = message.split('\n')[0] ?? '';
    const isOther = message.includes('NODE_MODULE_VERSION');
    return `the optional pcap module cannot be loaded${isOther ? ', it was built for another Node: run the set-up again' : `: ${first}`}`;
  }
}
