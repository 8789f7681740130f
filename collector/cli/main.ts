/** The command line of the collector's side. `agent` and `enroll --token` are served by agent/cli.ts. */
import { Command } from 'commander';
import { runProgram } from '#shared/terminal.ts';
import manifest from '../../package.json' with { type: 'json' };

/** Each is loaded when it is asked for: to load them all takes longer than most of them do. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  collector: async () => (await import('./commands/collector.ts')).collectorCommand(),
  agent: async () => new Command('agent').description('run the agent of this host'),
  enroll: async () => (await import('./commands/enroll.ts')).enrollCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  health: async () => (await import('./commands/health.ts')).healthCommand(),
  metrics: async () => (await import('./commands/metrics.ts')).metricsCommand(),
  hosts: async () => (await import('./commands/hosts.ts')).hostsCommand(),
  groups: async () => (await import('./commands/groups.ts')).groupsCommand(),
  certificates: async () => (await import('./commands/certificates.ts')).certificatesCommand(),
  ca: async () => (await import('./commands/ca.ts')).caCommand(),
  encryption: async () => (await import('./commands/encryption.ts')).encryptionCommand(),
  events: async () => (await import('./commands/events.ts')).eventsCommand(),
  tree: async () => (await import('./commands/tree.ts')).treeCommand(),
  hunt: async () => (await import('./commands/hunt.ts')).huntCommand(),
  analyse: async () => (await import('./commands/analyse.ts')).analyseCommand(),
  alerts: async () => (await import('./commands/alerts.ts')).alertsCommand(),
  stories: async () => (await import('./commands/stories.ts')).storiesCommand(),
  risk: async () => (await import('./commands/risk.ts')).riskCommand(),
  rules: async () => (await import('./commands/rules.ts')).rulesCommand(),
  command: async () => (await import('./commands/command.ts')).commandCommand(),
  commands: async () => (await import('./commands/commands.ts')).commandsCommand(),
  query: async () => (await import('./commands/query.ts')).queryCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  'sign-in': async () => (await import('./commands/sign-in.ts')).signInCommand(),
  users: async () => (await import('./commands/users.ts')).usersCommand(),
  tokens: async () => (await import('./commands/tokens.ts')).tokensCommand(),
  sessions: async () => (await import('./commands/sessions.ts')).sessionsCommand(),
  access: async () => (await import('./commands/access.ts')).accessCommand(),
  retention: async () => (await import('./commands/retention.ts')).retentionCommand(),
  password: async () => (await import('./commands/password.ts')).passwordCommand(),
  login: async () => (await import('./commands/login.ts')).loginCommand(),
  logout: async () => (await import('./commands/login.ts')).logoutCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(),
};

/** All commands in the order of the help, or only one. */
export async function program(only?: string): Promise<Command> {
  const vedette = new Command('vedette')
    .description(
      'Endpoint detection and response: watch hosts, account for every event, raise the right alert.',
    )
    .version(manifest.version, '--version', 'print the version');
  for (const [name, load] of Object.entries(commands))
    if (only === undefined || only === name) vedette.addCommand(await load());
  return vedette;
}

/** Runs the command line. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const name = argv[2] ?? '';
  // A script for completion and the help are about all of them.
  const only = Object.hasOwn(commands, name) && name !== 'completion' ? name : undefined;
  await runProgram(await program(only), argv);
}
