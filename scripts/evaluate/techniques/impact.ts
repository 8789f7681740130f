import type { Technique } from '../contract.ts';

/** Harm (ATT&CK TA0040), to files made for it. */
export const impact: readonly Technique[] = [
  {
    id: 'T1496.001',
    name: 'Miner run',
    rules: ['process/crypto-miner'],
    act: 'pretend /opt/tools/xmrig; /opt/tools/xmrig -o stratum+tcp://pool.example:3333 -u w',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1496',
    name: 'Mining pool looked up',
    rules: ['network/odd-name-looked-up'],
    act: 'getent hosts xmr.nanopool.org',
  },
  {
    id: 'T1486',
    name: 'Files encrypted one by one',
    rules: ['process/mass-encryption-runs'],
    act: 'mkdir /srv/e; for i in $(seq 25); do echo $i > /srv/e/$i; openssl enc -aes-256-cbc -pbkdf2 -k x -in /srv/e/$i -out /srv/e/$i.enc; done',
    cleanUp: 'rm -rf /srv/e',
    needs: ['openssl'],
  },
  {
    id: 'T1486',
    name: 'Files given another ending, and a note left',
    rules: ['process/mass-rename'],
    act: `perl -e 'for (glob "/srv/files/*.doc") { rename $_, "$_.locked"; select undef, undef, undef, 0.02 }'`,
    cleanUp: 'for f in /srv/files/*.locked; do mv "$f" "$(echo "$f" | sed s/.locked//)"; done',
  },
  {
    id: 'T1491.001',
    name: 'Note of ransomware left',
    rules: ['process/ransom-note', 'process/ransom-note-by-command'],
    act: 'echo pay > /srv/files/README_DECRYPT.txt',
    cleanUp: 'rm -f /srv/files/README_DECRYPT.txt',
  },
  {
    id: 'T1491.002',
    name: 'Start page of a site replaced',
    rules: ['process/web-page-replaced'],
    act: 'mkdir -p /var/www/html; bash -c "echo taken > /var/www/html/index.html"',
    cleanUp: 'rm -f /var/www/html/index.html',
  },
  {
    id: 'T1565.001',
    name: 'Many files overwritten by one process',
    rules: ['process/mass-write'],
    act: `perl -e 'for (glob "/srv/files/*") { open(my $f, ">", $_); print $f "gone$_"; close $f; select undef, undef, undef, 0.02 }'`,
  },
  {
    id: 'T1485',
    name: 'Many files deleted by one process',
    rules: ['process/mass-delete'],
    act: `perl -e 'for (glob "/srv/files/*") { unlink $_; select undef, undef, undef, 0.02 }'`,
  },
  {
    id: 'T1561.001',
    name: 'Disk overwritten',
    rules: ['process/data-destroyed'],
    act: 'dd if=/dev/null of=/dev/sdz bs=1 count=0; rm -f /dev/sdz',
  },
  {
    id: 'T1490',
    name: 'Snapshots deleted',
    rules: ['process/recovery-hindered'],
    act: 'pretend /opt/tools/zfs; /opt/tools/zfs destroy -r tank/home@daily',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1489',
    name: 'Services stopped one after another',
    rules: ['process/services-stopped'],
    act: 'for s in mysql postgresql redis-server nginx apache2 mongod; do systemctl stop $s; done',
  },
  {
    id: 'T1531',
    name: 'Account locked',
    rules: ['user/account-access-removed'],
    act: 'usermod -L dora',
    cleanUp: 'usermod -U dora',
  },
  {
    id: 'T1529',
    name: 'Host told to restart',
    rules: ['process/shutdown-by-command'],
    act: 'pretend /opt/tools/shutdown; /opt/tools/shutdown -r +5',
    cleanUp: 'rm -rf /opt/tools',
  },
  {
    id: 'T1499.001',
    name: 'Flood of another host begun',
    rules: ['process/resources-exhausted'],
    act: 'pretend /opt/tools/hping3; /opt/tools/hping3 -S --flood -p 80 198.51.100.7',
    cleanUp: 'rm -rf /opt/tools',
  },
];
