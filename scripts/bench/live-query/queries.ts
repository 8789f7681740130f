/** Queries as osquery's users ask them, of every kind of table; what each must answer on any Linux host that runs. */
export interface SampleQuery {
  readonly sql: string;
  readonly columns: readonly string[];
  /** Rows there must be at least; 0 where a host may well have none. */
  readonly atLeast: number;
}

const asked = (sql: string, columns: string, atLeast = 0): SampleQuery => ({
  sql,
  columns: columns.split(' '),
  atLeast,
});

export const sampleQueries: readonly SampleQuery[] = [
  asked('SELECT pid, name, path, cmdline, uid FROM processes', 'pid name path cmdline uid', 1),
  asked(
    'SELECT name, pid, resident_size FROM processes ORDER BY resident_size DESC LIMIT 10',
    'name pid resident_size',
    1,
  ),
  asked('SELECT pid, name, path FROM processes WHERE on_disk = 0', 'pid name path'),
  asked(
    'SELECT p.pid, p.name, pp.name AS parent_name FROM processes p JOIN processes pp ON p.parent = pp.pid',
    'pid name parent_name',
    1,
  ),
  asked(
    'SELECT p.pid, p.name, u.username FROM processes p LEFT JOIN users u ON p.euid = u.uid WHERE p.euid = 0',
    'pid name username',
    1,
  ),
  asked(
    "SELECT pid, name, cwd, cmdline FROM processes WHERE cwd LIKE '/tmp%' OR path LIKE '/tmp/%'",
    'pid name cwd cmdline',
  ),
  asked('SELECT name, count(*) AS many FROM processes GROUP BY name ORDER BY many DESC', 'name many', 1),
  asked('SELECT pid, uid, euid FROM processes WHERE uid <> euid', 'pid uid euid'),
  asked("SELECT pid, key, value FROM process_envs WHERE key = 'LD_PRELOAD'", 'pid key value'),
  asked("SELECT pid, path FROM process_open_files WHERE path LIKE '%(deleted)'", 'pid path'),
  asked(
    'SELECT p.name, count(*) AS files FROM process_open_files f JOIN processes p USING (pid) GROUP BY 1 ORDER BY 2 DESC',
    'name files',
    1,
  ),
  asked('SELECT pid, fd, inode FROM process_open_pipes', 'pid fd inode', 1),
  asked(
    "SELECT DISTINCT pid, path FROM process_memory_map WHERE permissions LIKE 'rwx%' AND pseudo = 0",
    'pid path',
  ),
  asked(
    'SELECT net_namespace, count(*) AS processes FROM process_namespaces GROUP BY 1',
    'net_namespace processes',
    1,
  ),
  asked(
    'SELECT p.name, p.path, l.port, l.protocol, l.address FROM listening_ports l LEFT JOIN processes p USING (pid)',
    'name path port protocol address',
    1,
  ),
  asked(
    "SELECT pid, remote_address, remote_port, state FROM process_open_sockets WHERE state = 'ESTABLISHED'",
    'pid remote_address remote_port state',
    1,
  ),
  asked(
    `SELECT p.name, s.remote_address, s.remote_port FROM process_open_sockets s JOIN processes p USING (pid)
     WHERE s.remote_port <> 0 AND s.remote_address NOT LIKE '127.%'`,
    'name remote_address remote_port',
  ),
  asked('SELECT family, protocol, count(*) AS many FROM sockets GROUP BY 1, 2', 'family protocol many', 1),
  asked('SELECT interface, address, mask FROM interface_addresses', 'interface address mask', 1),
  asked(
    'SELECT interface, mac, mtu, ibytes, obytes FROM interface_details',
    'interface mac mtu ibytes obytes',
    1,
  ),
  asked(
    'SELECT destination, netmask, gateway, interface, metric FROM routes',
    'destination netmask gateway interface metric',
  ),
  asked('SELECT address, mac, interface FROM arp_cache', 'address mac interface'),
  asked("SELECT address FROM dns_resolvers WHERE type = 'nameserver'", 'address'),
  asked('SELECT address, hostnames FROM etc_hosts', 'address hostnames', 1),
  asked('SELECT uid, username, directory, shell FROM users', 'uid username directory shell', 1),
  asked("SELECT username, uid FROM users WHERE uid = 0 AND username <> 'root'", 'username uid'),
  asked(
    `SELECT u.username, g.groupname FROM user_groups ug JOIN users u USING (uid) JOIN groups g ON ug.gid = g.gid
     WHERE g.groupname IN ('sudo', 'wheel', 'root', 'docker')`,
    'username groupname',
    1,
  ),
  asked(
    "SELECT username, password_status, hash_alg FROM shadow WHERE password_status IN ('active', 'empty')",
    'username password_status hash_alg',
  ),
  asked('SELECT user, tty, host, time FROM logged_in_users', 'user tty host time'),
  asked(
    'SELECT username, host, time FROM last WHERE type = 7 ORDER BY time DESC LIMIT 20',
    'username host time',
  ),
  asked('SELECT source, header, rule_details FROM sudoers', 'source header rule_details'),
  asked(
    'SELECT u.username, k.algorithm, k.fingerprint, k.comment FROM users u JOIN authorized_keys k USING (uid)',
    'username algorithm fingerprint comment',
  ),
  asked('SELECT uid, path FROM user_ssh_keys WHERE encrypted = 0', 'uid path'),
  asked('SELECT command, path, username, minute, hour FROM crontab', 'command path username minute hour'),
  asked(
    "SELECT id, exec_start FROM systemd_units WHERE unit_type = 'service' AND enabled = 1",
    'id exec_start',
  ),
  asked('SELECT name, type, path FROM startup_items', 'name type path'),
  asked(
    'SELECT device, path, type, blocks_available * blocks_size AS free FROM mounts',
    'device path type free',
    1,
  ),
  asked('SELECT name, parent, size * 512 AS bytes, model FROM block_devices', 'name parent bytes model'),
  asked('SELECT vendor, model, serial FROM usb_devices', 'vendor model serial'),
  asked(
    'SELECT pci_slot, vendor_id, model_id, driver FROM pci_devices',
    'pci_slot vendor_id model_id driver',
  ),
  asked('SELECT name, size, used_by, taints FROM kernel_modules', 'name size used_by taints'),
  asked('SELECT version, arguments, tainted FROM kernel_info', 'version arguments tainted', 1),
  asked(
    `SELECT o.name, o.version, s.hostname, s.cpu_brand, s.physical_memory, u.days FROM os_version o, system_info s,
     uptime u`,
    'name version hostname cpu_brand physical_memory days',
    1,
  ),
  asked('SELECT memory_available * 100 / memory_total AS percent FROM memory_info', 'percent', 1),
  asked(
    "SELECT name, version FROM deb_packages WHERE name LIKE 'libc%' UNION ALL SELECT name, version FROM rpm_packages UNION ALL SELECT name, version FROM apk_packages",
    'name version',
  ),
  asked('SELECT base_uri, release, source FROM apt_sources WHERE enabled = 1', 'base_uri release source'),
  asked('SELECT id, command, processes FROM containers', 'id command processes'),
  asked(
    "SELECT path, mode, uid, datetime(mtime, 'unixepoch') AS changed FROM file WHERE directory = '/etc' AND type = 'regular'",
    'path mode uid changed',
    1,
  ),
  asked(
    "SELECT h.sha256, f.size FROM file f JOIN hash h USING (path) WHERE f.path IN ('/etc/passwd', '/etc/group')",
    'sha256 size',
    2,
  ),
  asked(
    'SELECT DISTINCT p.path, h.sha256 FROM processes p JOIN hash h ON h.path = p.path WHERE p.pid = 1',
    'path sha256',
  ),
  asked('SELECT path, username, permissions FROM suid_bin', 'path username permissions', 1),
  asked(
    "SELECT common_name, not_valid_after FROM certificates WHERE not_valid_after < unixepoch('now', '+1 year')",
    'common_name not_valid_after',
  ),
  asked('SELECT filter_name, chain, policy, target FROM iptables', 'filter_name chain policy target'),
  asked(
    "SELECT name, current_value FROM system_controls WHERE name = 'kernel.randomize_va_space'",
    'name current_value',
    1,
  ),
  asked('SELECT name, status, mode, events, lost FROM vedette_sensors', 'name status mode events lost', 1),
];
