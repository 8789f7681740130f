import type { Technique } from '../contract.ts';

/** Containers, and out of them. */
export const containers: readonly Technique[] = [
  {
    id: 'T1611',
    name: 'Root of the host entered',
    rules: ['process/namespace-entered'],
    act: 'nsenter -t 1 -u true',
  },
  {
    id: 'T1611',
    name: 'Release agent written',
    rules: ['process/container-escape'],
    act: 'mkdir -p /tmp/cgrp; sh -c "echo /cmd > /tmp/cgrp/release_agent"',
    cleanUp: 'rm -rf /tmp/cgrp',
  },
  {
    id: 'T1610',
    name: 'Container started with all powers',
    rules: ['process/privileged-container'],
    act: 'pretend /opt/tools/docker; /opt/tools/docker run --rm --privileged -v /:/host alpine chroot /host id',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1609',
    name: 'Socket of the container runtime used',
    rules: ['process/container-runtime-socket'],
    act: 'curl -s --unix-socket /var/run/docker.sock http://localhost/containers/json',
  },
  {
    id: 'T1613',
    name: 'Container looked for from inside',
    rules: ['process/container-looked-into'],
    act: 'ls -la /.dockerenv; cat /proc/1/cgroup',
  },
  {
    id: 'T1611',
    name: 'User makes itself root of a namespace',
    rules: ['process/user-namespace-root'],
    act: 'unshare -Ur true',
    user: 'bob',
  },
];
