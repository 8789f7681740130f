import { Socket } from 'node:net';

/** As much of Node's handle of a pipe as is used here. */
interface PipeHandle {
  open(fd: number): number;
  close(): void;
}
interface PipeBinding {
  readonly Pipe: new (kind: number) => PipeHandle;
  readonly constants: { readonly SOCKET: number };
}

/**
 * Node waits for pipes and sockets through epoll, and for files through a thread that a read blocks, which would hold
 * the thread pool and the end of the process for as long as nothing happens. Trace pages can be waited for through
 * epoll too, but no public function of Node makes a stream of such a descriptor; the handle behind `net.Socket` does.
 */
function pipeBinding(): PipeBinding | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  try {
    return binding?.call(process, 'pipe_wrap') as PipeBinding | undefined;
  } catch {
    return undefined;
  }
}

/** Whether this Node can wait for trace pages. */
export function canWait(): boolean {
  return pipeBinding() !== undefined;
}

/**
 * Reads a descriptor of `trace_pipe_raw` as soon as it has something, into a buffer that all share: what `take` is
 * given holds until it returns. Takes over the descriptor. Gives the function that closes it.
 */
export function whenReadable(fd: number, buffer: Buffer, take: (length: number) => void): () => void {
  const binding = pipeBinding();
  if (binding === undefined) throw new Error('this Node has no pipe handles');
  const handle = new binding.Pipe(binding.constants.SOCKET);
  const failed = handle.open(fd);
  if (failed !== 0) throw new Error(`a trace descriptor cannot be waited for (${failed})`);
  const onread = {
    buffer,
    callback(length: number) {
      take(length);
      return true;
    },
  };
  const socket = new Socket({ handle, readable: true, writable: false, onread } as never);
  socket.on('error', () => socket.destroy());
  socket.resume();
  return () => socket.destroy();
}
