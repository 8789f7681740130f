-- title: Shells begun by services
-- description: Shells whose parent is a server of the web, of data or of mail. Few of them need one.
-- tags: attack.persistence, attack.t1505.003, attack.t1190
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, user.name, process.parent.executable, process.executable, process.command_line,
  process.parent.command_line
FROM process.start
WHERE regexp_matches(process.executable, '/(ba|da|z|k|fi|c|tc|a)?sh$')
  AND regexp_matches(process.parent.executable,
    '/(nginx|apache2|httpd|lighttpd|caddy|php-fpm[0-9.]*|php[0-9.]*|java|tomcat\d*|mysqld|mariadbd|postgres|redis-server|mongod|named|exim4?|master|smtpd|vsftpd|smbd)$')
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY time DESC
