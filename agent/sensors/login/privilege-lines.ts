import { type Facts, fact, terminal } from './facts.ts';

/** util-linux: `(to root) alice on pts/0`, `FAILED SU (to root) alice on pts/0`; shadow: `Successful su for root by alice`. */
export function suFacts(message: string): Facts | undefined {
  const plain = /^(FAILED SU )?\(to (.*)\) (\S+) on (\S+)$/s.exec(message);
  if (plain !== null) {
    return {
      ...fact('su', plain[1] === undefined ? 'success' : 'failure', plain[3]),
      'user.effective.name': plain[2],
      'process.tty': terminal(plain[4]),
    };
  }
  const shadow = /^(Successful|FAILED) su for (.*) by (\S+)$/s.exec(message);
  if (shadow === null) return undefined;
  return {
    ...fact('su', shadow[1] === 'FAILED' ? 'failure' : 'success', shadow[3]),
    'user.effective.name': shadow[2],
  };
}

/**
 * sudoers(5), LOG FORMAT: `alice : [problem ; ]TTY=pts/0 ; PWD=/ ; USER=root ; [..]COMMAND=/bin/ls`. The command comes
 * last and may hold anything.
 */
export function sudoFacts(message: string): Facts | undefined {
  const head = /^\s*(\S+) : /.exec(message);
  if (head === null) return undefined;
  const named = new Map<string, string>();
  let problem: string | undefined;
  let rest = message.slice(head[0].length);
  while (!rest.startsWith('COMMAND=')) {
    const end = rest.indexOf(' ; ');
    if (end < 0) return undefined;
    const part = /^(TTY|PWD|USER|GROUP|HOST|CHROOT|TSID|ENV)=(.*)$/s.exec(rest.slice(0, end));
    if (part !== null) named.set(part[1] ?? '', part[2] ?? '');
    else problem ??= rest.slice(0, end);
    rest = rest.slice(end + 3);
  }
  return {
    ...fact('sudo', problem === undefined ? 'success' : 'failure', head[1]),
    'user.effective.name': named.get('USER'),
    'process.tty': terminal(named.get('TTY')),
    'process.command_line': rest.slice('COMMAND='.length),
  };
}

/**
 * polkitd(8): `Operator of unix-session:1 successfully authenticated as unix-user:root to gain … authorization for action
 * … for … [command] (owned by unix-user:alice)`, `… FAILED to authenticate to gain authorization for action …`. pkexec(1):
 * `alice: Executing command [USER=root] [TTY=/dev/pts/0] [CWD=/] [COMMAND=/usr/bin/id]`, `alice: Error executing command as
 * another user: … [USER=…] …`.
 */
export function polkitFacts(message: string): Facts | undefined {
  const operator =
    /^Operator of \S+ (?:successfully authenticated as unix-user:(\S+)|(FAILED) to authenticate) to gain .*?authorization for action \S+ for .* \(owned by unix-user:([^\s)]+)\)$/s.exec(
      message,
    );
  if (operator !== null) {
    const [, identity, failed, owner] = operator;
    return {
      ...fact('privileged', failed === undefined ? 'success' : 'failure', owner),
      'user.effective.name': identity,
    };
  }
  const command =
    /^([^\s:]{1,256}): (Executing command|Error executing command as another user: .*?) \[USER=([^\]]*)\] \[TTY=([^\]]*)\] \[CWD=.*?\] \[COMMAND=(.*)\]$/s.exec(
      message,
    );
  if (command === null) return undefined;
  const [, user, said, identity, tty, line] = command;
  return {
    ...fact('privileged', said === 'Executing command' ? 'success' : 'failure', user),
    'user.effective.name': identity,
    'process.tty': terminal(tty),
    'process.command_line': line,
  };
}
