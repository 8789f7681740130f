import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../agent/sensors/kernel-host.ts';
import type { Act } from '../act.ts';
import { programPath } from '../actors.ts';
import { lacks, run } from '../play.ts';
import { type Stage, writeBelow } from '../stage.ts';
import { account, type Fields, maybe } from '../told.ts';

/** What a real auditd writes down of a call that a rule asks for. */

/** There is one audit daemon on a kernel, and it may not be ours. */
function lacksAudit(): string | false {
  const missing = lacks('auditd', 'auditctl');
  if (missing !== false) return missing;
  const { status, stdout } = spawnSync('auditctl', ['-s'], { encoding: 'utf8' });
  if (status !== 0) return 'the kernel has no audit system, or this is not its first namespace';
  return /^pid 0$/m.test(stdout) ? false : 'another audit daemon is running';
}

const logPath = 'var/log/audit/audit.log';

export function furnishAudit(root: string): void {
  mkdirSync(join(root, 'audit/plugins'), { recursive: true, mode: 0o750 });
  const settings = {
    log_file: join(root, logPath),
    log_format: 'RAW',
    log_group: 'root',
    flush: 'NONE',
    max_log_file: 8,
    max_log_file_action: 'IGNORE',
    space_left: 2,
    space_left_action: 'IGNORE',
    admin_space_left: 1,
    admin_space_left_action: 'IGNORE',
    disk_full_action: 'IGNORE',
    disk_error_action: 'IGNORE',
    plugin_dir: join(root, 'audit/plugins'),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeBelow(root, 'audit/auditd.conf', lines.join(''), 0o640);
  writeBelow(root, logPath, '', 0o600);
}

async function startAuditd(stage: Stage, rule: readonly string[]): Promise<void> {
  const before = /^enabled (\d)$/m.exec(spawnSync('auditctl', ['-s'], { encoding: 'utf8' }).stdout)?.[1];
  const daemon = spawn('auditd', ['-n', '-s', 'enable', '-c', stage.path('audit')], { stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  stage.atEnd(async () => {
    spawnSync('auditctl', ['-d', ...rule]);
    spawnSync('auditctl', ['-e', before ?? '0']);
    daemon.kill();
    await ended;
  });
  await stage.got.until('audit.record', (event) => event['auditd.type'] === 'DAEMON_START');
  await run('auditctl', '-a', ...rule);
}

const call: Act = {
  name: 'a call that a rule of the audit system asks for',
  whyNot: lacksAudit,
  async perform(stage) {
    const folder = stage.path('srv/audited');
    const file = stage.write('srv/audited/report', 'x');
    const key = `truth-${process.pid}`;
    await startAuditd(stage, ['always,exit', '-F', `dir=${folder}`, '-F', 'perm=a', '-k', key]);
    const chmod = programPath('chmod');
    const pid = await run(chmod, '600', file);
    const asked = () =>
      stage.got
        .of('audit.record')
        .find((event) => event['auditd.key']?.includes(key) && event['auditd.type'] === 'SYSCALL');
    await until(() => asked()?.['process.pid'] === pid, 'the record of the call');
    const sequence = asked()?.['auditd.sequence'] ?? -1;
    const common: Fields<'audit.record'> = {
      'auditd.sequence': sequence,
      'auditd.data': maybe(/./),
      'process.pid': pid,
      'process.parent.pid': stage.self.pid,
      'process.name': 'chmod',
      'process.executable': chmod,
      'user.id': '0',
      'user.effective.id': '0',
      'user.audit.id': maybe(/^\d+$/),
    };
    const hex = /^[0-9a-f]+$/;
    return [
      account(
        'audit.record',
        { 'auditd.sequence': sequence },
        {
          ...common,
          'auditd.type': 'SYSCALL',
          'auditd.key': [key],
          'auditd.result': 'yes',
          'auditd.syscall': /^\d+$/,
          'auditd.syscall_name': /^f?chmod(?:at2?)?$/,
          'auditd.arch': hex,
          'auditd.exit': '0',
          'auditd.a0': hex,
          'auditd.a1': hex,
          'auditd.a2': hex,
          'auditd.a3': hex,
          'auditd.terminal': maybe(/./),
          'auditd.session': maybe(/^\d+$/),
        },
        { ...common, 'auditd.type': 'CWD', 'auditd.cwd': process.cwd() },
        {
          ...common,
          'auditd.type': 'PATH',
          'auditd.name': file,
          'auditd.nametype': 'NORMAL',
          'auditd.mode': '0100644',
        },
        { ...common, 'auditd.type': 'PROCTITLE', 'process.command_line': `${chmod} 600 ${file}` },
      ),
    ];
  },
};

export const auditActs: readonly Act[] = [call];
