import type { Technique } from '../contract.ts';

/** Becoming root (ATT&CK TA0004). */
export const privileges: readonly Technique[] = [
  {
    id: 'T1548.001',
    name: 'Set-uid shell made and used',
    rules: ['user/set-uid-shell', 'set-uid-made'],
    act: 'cp /usr/bin/bash /opt/.b; chmod 4755 /opt/.b; setpriv --reuid=bob --regid=bob --clear-groups /opt/.b -p -c "bash -p -c id"',
    cleanUp: 'rm -f /opt/.b',
  },
  {
    id: 'T1548.001',
    name: 'Set-uid programs searched for',
    rules: ['user/privilege-search'],
    act: 'find /usr/bin -perm -4000 -type f',
    user: 'bob',
  },
  {
    id: 'T1548',
    name: 'Capability given to an interpreter, and used',
    rules: ['user/capability-given', 'user/identity-root-taken', 'application/capability-outside-packages'],
    act: "cp $(command -v perl) /opt/perl; setcap cap_setuid+ep /opt/perl; setpriv --reuid=bob --regid=bob --clear-groups /opt/perl -e '$< = 0; $> = 0; sleep 1'",
    cleanUp: 'rm -f /opt/perl',
    needs: ['setcap'],
  },
  {
    id: 'T1548.003',
    name: 'Sudo made to ask for no password',
    rules: ['user/sudo-all-without-password', 'user/sudo-cache-widened', 'user/sudo-rule-added'],
    act: 'echo "bob ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/bob',
    cleanUp: 'rm -f /etc/sudoers.d/bob',
  },
  {
    id: 'T1548.003',
    name: 'Rights of sudo listed',
    rules: ['user/sudo-rights-listed'],
    act: 'sudo -n -l',
    user: 'bob',
    needs: ['sudo'],
  },
  {
    id: 'T1548.003',
    name: 'Sudo used by somebody who may not',
    rules: ['user/sudo-refused', 'user/su-guessed'],
    act: `echo 'correct horse' | sudo -S id; echo 'correct horse' | sudo -S id`,
    user: 'bob',
    needs: ['sudo', 'rsyslogd'],
  },
  {
    id: 'T1068',
    name: 'Known hole of sudo tried',
    rules: ['user/privilege-hole-tried'],
    act: `sudoedit -s 'AAAAAAAA\\'`,
    user: 'bob',
    needs: ['sudo'],
  },
  {
    id: 'T1055.008',
    name: 'Code put into a process with a debugger',
    rules: ['process/code-put-into-process', 'process-attached'],
    act: 'sleep 20 & gdb -batch -nx -p $! -ex "call (int)system(\\"true\\")"; kill %1',
    needs: ['gdb'],
  },
  {
    id: 'T1055.009',
    name: 'Memory of a process written through /proc',
    rules: ['process/code-put-into-process', 'process/process-memory-read'],
    act: 'sleep 20 & dd if=/dev/null of=/proc/$!/mem bs=1 count=0; kill %1',
  },
  {
    id: 'T1134',
    name: 'Password of another user guessed by su',
    rules: ['user/su-guessed'],
    act: 'for i in 1 2 3 4; do echo wrong | su carl -c id; done',
    user: 'bob',
    needs: ['rsyslogd'],
  },
];
