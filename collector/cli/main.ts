/** The command line of the collector's side. `agent` and `enroll --token` are served by agent/cli.ts. */
import { Command } from 'commander';
import { runProgram } from '#shared/terminal.ts';
import manifest from '../../package.json' with { type: 'json' };
import { alertsCommand } from './commands/alerts.ts';
import { auditCommand } from './commands/audit.ts';
import { caCommand } from './commands/ca.ts';
import { certificatesCommand } from './commands/certificates.ts';
import { collectorCommand } from './commands/collector.ts';
import { commandCommand } from './commands/command.ts';
import { commandsCommand } from './commands/commands.ts';
import { demoCommand } from './commands/demo.ts';
import { encryptionCommand } from './commands/encryption.ts';
import { enrollCommand } from './commands/enroll.ts';
import { eventsCommand } from './commands/events.ts';
import { healthCommand } from './commands/health.ts';
import { hostsCommand } from './commands/hosts.ts';
import { huntCommand } from './commands/hunt.ts';
import { queryCommand } from './commands/query.ts';
import { rulesCommand } from './commands/rules.ts';
import { signInCommand } from './commands/sign-in.ts';
import { statusCommand } from './commands/status.ts';
import { treeCommand } from './commands/tree.ts';
import { upCommand } from './commands/up.ts';

export function program(): Command {
  const vedette = new Command('vedette')
    .description(
      'Endpoint detection and response: watch hosts, account for every event, raise the right alert.',
    )
    .version(manifest.version, '--version', 'print the version');

  vedette.addCommand(upCommand());
  vedette.addCommand(collectorCommand());
  vedette.command('agent').description('run the agent of this host');
  vedette.addCommand(enrollCommand());
  vedette.addCommand(statusCommand());
  vedette.addCommand(healthCommand());
  vedette.addCommand(hostsCommand());
  vedette.addCommand(certificatesCommand());
  vedette.addCommand(caCommand());
  vedette.addCommand(encryptionCommand());
  vedette.addCommand(eventsCommand());
  vedette.addCommand(treeCommand());
  vedette.addCommand(huntCommand());
  vedette.addCommand(alertsCommand());
  vedette.addCommand(rulesCommand());
  vedette.addCommand(commandCommand());
  vedette.addCommand(commandsCommand());
  vedette.addCommand(queryCommand());
  vedette.addCommand(auditCommand());
  vedette.addCommand(signInCommand());
  vedette.addCommand(demoCommand());
  return vedette;
}

/** Runs the command line. */
export function runCli(argv: readonly string[]): Promise<void> {
  return runProgram(program(), argv);
}
