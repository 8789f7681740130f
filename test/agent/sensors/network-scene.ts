import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Collected } from './collected.ts';

export type ConnectionEvent = EventByType['network.connection'];

/** A server in processes of its own, which tell which of them accepted what. */
export interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  /** Process that accepted, by the port of the client. */
  readonly acceptedBy: Map<number, number>;
}

const serverScript = String.raw`
use strict; use IO::Socket::IP; $| = 1;
my ($host, $workers, $reply, $reuse) = @ARGV;
# None outlives a test that was killed.
alarm 300;
sub listener { IO::Socket::IP->new(Listen => 512, LocalHost => $host, LocalPort => $_[0],
  ReuseAddr => 1, ReusePort => $reuse) or die "listen: $!" }
my $server = listener(0);
my $port = $server->sockport;
sub serve {
  my $own = $_[0];
  $SIG{PIPE} = 'IGNORE';
  while (1) {
    my $client = $own->accept or next;
    syswrite STDOUT, "accepted $$ " . $client->peerport . "\n";
    while (my $got = sysread($client, my $part, 65536)) { last if $part =~ /\n\z/ }
    syswrite $client, 'r' x $reply;
    close $client;
  }
}
pipe my $ready, my $tell;
for (1 .. $workers) {
  next if fork;
  alarm 300;
  my $own = $reuse ? listener($port) : $server;
  close $server if $reuse;
  syswrite $tell, 'x';
  serve($own);
}
close $server if $reuse;
sysread $ready, my $mark, 1 for 1 .. $workers;
syswrite STDOUT, "port $port\n";
serve($server) unless $workers;
sleep 1000;
`;

export interface ServerOptions {
  readonly host?: string;
  /** Processes that accept on one socket; 0 for the one that listens. */
  readonly workers?: number;
  /** Bytes it answers with, after which it closes. */
  readonly replyBytes?: number;
  /** Each worker listens on a socket of its own on the same port. */
  readonly reusePort?: boolean;
  /** What it is run through, e.g. in another namespace. */
  readonly through?: readonly string[];
}

/** Starts a server; it ends with the test. */
export async function startServer(t: Test, options: ServerOptions = {}): Promise<Server> {
  const { host = '127.0.0.1', workers = 0, replyBytes = 100, reusePort = false, through = [] } = options;
  const command = [...through, 'perl', '-e', serverScript, host, workers, replyBytes, reusePort ? 1 : 0];
  const [program = '', ...args] = command.map(String);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.teardown(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  const acceptedBy = new Map<number, number>();
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server ended')));
    lines.on('line', (line) => {
      const [what, first, second] = line.split(' ');
      if (what === 'port') resolve(Number(first));
      else acceptedBy.set(Number(second), Number(first));
    });
  });
  return { child, port, acceptedBy };
}

/** Connects, sends so many bytes, reads until the end. Gives the local port. */
export async function talk(host: string, port: number, sendBytes: number): Promise<number> {
  const socket: Socket = connect(port, host);
  await once(socket, 'connect');
  const local = socket.localPort ?? 0;
  socket.end(`${'s'.repeat(sendBytes - 1)}\n`);
  socket.resume();
  await once(socket, 'close');
  return local;
}

/** What was told of the connection between these ports. */
export function between(got: Collected, sourcePort: number, destinationPort: number): ConnectionEvent[] {
  return got
    .of('network.connection')
    .filter((e) => e['source.port'] === sourcePort && e['destination.port'] === destinationPort);
}
