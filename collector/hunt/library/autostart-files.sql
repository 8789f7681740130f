-- title: Files that run by themselves and were made or changed
-- description: Timers, units, profiles and the like. Each of them is run by the system or at a login.
-- tags: attack.persistence, attack.t1053.003, attack.t1543.002, attack.t1546.004
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, type AS event, file.path, user.name, process.executable, process.command_line
FROM events
WHERE type IN ('file.create', 'file.change', 'file.rename')
  AND NOT coalesce(event.baseline, false) AND time >= now()::TIMESTAMP - to_hours($hours::INT)
  AND regexp_matches(file.path,
    '^/(etc/(cron[^/]*|systemd/(system|user)|init\.d|profile\.d|rc\d?\.d|update-motd\.d|ld\.so\.preload|rc\.local|profile)(/|$)|usr/lib/systemd/|lib/systemd/|var/spool/cron/)|/\.(bashrc|bash_profile|bash_login|profile|zshrc|zprofile|config/(systemd/user|autostart)/.*)$')
ORDER BY time DESC
