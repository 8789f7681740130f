import { defineEvent } from '../schema/spec.ts';

export const processStart = defineEvent({
  name: 'process.start',
  doc: 'A process began to run a program (exec), or was already running when the sensor first looked.',
  logsource: { category: 'process_creation' },
  priority: 'high',
  fields: {
    'process.pid': { type: 'int', required: true, sigma: ['ProcessId'], doc: 'Process id on the host.' },
    'process.entity_id': {
      type: 'keyword',
      required: true,
      indexed: true,
      max: 64,
      sigma: ['ProcessGuid'],
      doc: 'Identity that survives reuse of the pid: derived from boot, pid and start time.',
    },
    'process.start': { type: 'time', required: true, doc: 'When the kernel says the process started.' },
    'process.name': { type: 'keyword', required: true, max: 256, doc: 'Short name as the kernel keeps it.' },
    'process.executable': {
      type: 'keyword',
      max: 4096,
      indexed: true,
      sigma: ['Image'],
      doc: 'Path of the program file; absent for kernel threads and where it may not be read.',
    },
    'process.command_line': {
      type: 'text',
      sigma: ['CommandLine'],
      doc: 'Arguments joined by spaces; absent where the process ended before they could be read.',
    },
    'process.working_directory': {
      type: 'keyword',
      max: 4096,
      sigma: ['CurrentDirectory'],
      doc: 'Current directory at the time of reading.',
    },
    'process.parent.pid': { type: 'int', sigma: ['ParentProcessId'], doc: 'Process id of the parent.' },
    'process.parent.entity_id': {
      type: 'keyword',
      max: 64,
      sigma: ['ParentProcessGuid'],
      doc: 'Identity of the parent.',
    },
    'process.parent.name': { type: 'keyword', max: 256, doc: 'Short name of the parent.' },
    'process.parent.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['ParentImage'],
      doc: "Path of the parent's program file.",
    },
    'process.parent.command_line': {
      type: 'text',
      sigma: ['ParentCommandLine'],
      doc: "The parent's arguments joined by spaces.",
    },
    'process.session_id': { type: 'int', doc: 'Session id (setsid).' },
    'process.tty': { type: 'keyword', max: 64, doc: 'Controlling terminal, e.g. pts/0.' },
    'process.hash.sha256': {
      type: 'hash',
      max: 64,
      indexed: true,
      sigma: ['sha256'],
      doc: 'SHA-256 of the program file.',
    },
    'process.file_deleted': {
      type: 'bool',
      doc: 'True when the program file no longer exists under its path.',
    },
    'user.id': { type: 'keyword', max: 32, doc: 'Effective user id.' },
    'user.name': { type: 'keyword', max: 256, indexed: true, sigma: ['User'], doc: 'Effective user name.' },
    'user.real.id': { type: 'keyword', max: 32, doc: 'Real user id where it differs.' },
    'user.audit.id': {
      type: 'keyword',
      max: 32,
      doc: 'Login user id (loginuid): who signed in, whatever identity was taken since; absent where nobody did.',
    },
    'user.audit.name': { type: 'keyword', max: 256, doc: 'Name of that user.' },
    'process.args_count': {
      type: 'int',
      doc: 'Number of arguments with the program itself, where the kernel told.',
    },
    'process.capabilities': {
      type: 'keywords',
      max: 64,
      doc: 'Effective capabilities by name, or `all` and what is missing of them with a minus; absent when there are none.',
    },
    'process.namespaces': {
      type: 'keywords',
      max: 8,
      doc: "Namespaces that are not the agent's own, each as `kind:inode`: cgroup, ipc, mnt, net, pid, user, uts.",
    },
    'process.cgroup': {
      type: 'keyword',
      max: 1024,
      doc: 'Path of the control group (version 2, or of the first hierarchy).',
    },
    'process.fileless': {
      type: 'bool',
      doc: 'True when the program was run from memory (memfd) and never was a file.',
    },
    'container.id': { type: 'keyword', max: 128, indexed: true, doc: 'Container the process runs in.' },
  },
});
