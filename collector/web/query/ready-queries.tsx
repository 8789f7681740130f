/** Questions that are asked often, for a start. */
const ready = [
  [
    'What listens, and which program',
    'SELECT p.name, l.port, l.protocol, l.address\nFROM listening_ports l\nJOIN processes p USING (pid)\nORDER BY l.port',
  ],
  ['Programs whose file is gone', 'SELECT pid, name, path, cmdline\nFROM processes\nWHERE on_disk = 0'],
  ['Who is signed in', 'SELECT user, host, tty, time\nFROM logged_in_users\nORDER BY time DESC'],
  ['Keys that let people in', 'SELECT username, key_file, algorithm, comment\nFROM authorized_keys'],
  ['What runs at set times', 'SELECT path, minute, hour, command\nFROM crontab'],
  ['Kernel modules', 'SELECT name, size, used_by\nFROM kernel_modules\nORDER BY name'],
  [
    'What takes most memory',
    'SELECT pid, name, resident_size, user_time\nFROM processes\nORDER BY resident_size DESC\nLIMIT 20',
  ],
] as const;

export function ReadyQueries({ choose }: { choose: (sql: string) => void }) {
  return (
    <section className="panel library" aria-labelledby="ready-title">
      <div className="panel-head">
        <h2 id="ready-title">To begin with</h2>
      </div>
      <ul className="library-group">
        {ready.map(([title, sql]) => (
          <li key={title}>
            <button type="button" className="library-item" onClick={() => choose(sql)}>
              <span className="library-title">{title}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
