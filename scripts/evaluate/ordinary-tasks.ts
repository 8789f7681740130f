/** A piece of ordinary work. */
export interface Task {
  readonly name: string;
  /** Lines of bash. */
  readonly lines: string;
  /** Programs without which it is left out. */
  readonly needs?: readonly string[];
}

const build = '/srv/build';

/** What the work is made of; each can be done again and again. */
export const tasks: readonly Task[] = [
  {
    name: 'package with a service and a user installed and removed',
    needs: ['dpkg-deb', 'apt-get', 'dpkg-scanpackages'],
    lines: `rm -rf ${build}/tool; mkdir -p ${build}/tool/DEBIAN ${build}/tool/usr/bin ${build}/tool/lib/systemd/system ${build}/tool/etc/cron.d ${build}/tool/etc/logrotate.d /srv/repo
version=1.$RANDOM
printf 'Package: tool\\nVersion: %s\\nArchitecture: all\\nMaintainer: ops <ops@example>\\nDescription: a tool\\n' $version > ${build}/tool/DEBIAN/control
printf '#!/bin/sh\\nset -e\\nid tool >/dev/null 2>&1 || adduser --system --group --no-create-home tool >/dev/null\\nif [ "$1" = configure ]; then chmod 0750 /etc/cron.d/tool; fi\\n' > ${build}/tool/DEBIAN/postinst
chmod 755 ${build}/tool/DEBIAN/postinst
printf '#!/bin/sh\\necho tool\\n' > ${build}/tool/usr/bin/tool; chmod 755 ${build}/tool/usr/bin/tool
printf '[Service]\\nExecStart=/usr/bin/tool\\n' > ${build}/tool/lib/systemd/system/tool.service
printf '0 3 * * * root /usr/bin/tool\\n' > ${build}/tool/etc/cron.d/tool
printf '/var/log/tool.log { weekly }\\n' > ${build}/tool/etc/logrotate.d/tool
dpkg-deb -b ${build}/tool /srv/repo/tool_$version.deb
(cd /srv/repo; dpkg-scanpackages -m . > Packages)
[ -e /etc/apt/sources.list.d/house.list ] || install -m 644 /dev/stdin /etc/apt/sources.list.d/house.list <<< 'deb [trusted=yes] file:/srv/repo ./'
apt-get -qq -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/house.list -o Dir::Etc::sourceparts=- update
apt-get -qq -y -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/house.list -o Dir::Etc::sourceparts=- install tool
tool
apt-get -qq -y purge tool`,
  },
  {
    name: 'code cloned, changed, committed and packed',
    needs: ['git'],
    lines: `rm -rf /srv/git /srv/code; git init -q --bare /srv/git/app.git
git clone -q /srv/git/app.git /srv/code
cd /srv/code; git config user.name ada; git config user.email ada@example
for i in 1 2 3 4 5; do echo "line $i" >> app.txt; git add app.txt; git commit -q -m "change $i"; done
git log --oneline; git branch next; git checkout -q next; echo more >> app.txt; git commit -q -am more
git diff HEAD~1; git stash list; git gc -q; git push -q origin HEAD || true`,
  },
  {
    name: 'program compiled with make',
    needs: ['gcc', 'make'],
    lines: `mkdir -p /home/ada/src; cd /home/ada/src
printf '#include <stdio.h>\\nint main(){puts("hello");return 0;}\\n' > main.c
printf 'all: app\\napp: main.o\\n\\tgcc -o app main.o\\nmain.o: main.c\\n\\tgcc -O2 -c main.c\\nclean:\\n\\trm -f app main.o\\ninstall: app\\n\\tinstall -m 755 app /home/ada/app\\n' > Makefile
make -s clean; make -s -j2; ./app; make -s install`,
  },
  {
    name: 'checks of configure in a temporary folder',
    needs: ['gcc'],
    lines: `d=$(mktemp -d); cd $d; for i in 1 2 3; do echo "int main(){return 0;}" > conftest.c; gcc -o conftest conftest.c; ./conftest; rm -f conftest*; done; cd /; rm -rf $d`,
  },
  {
    name: 'script of node run and tested',
    lines: `mkdir -p /home/ada/js; cd /home/ada/js; echo 'console.log(require("os").cpus().length)' > a.js; node a.js; node -e 'console.log([1,2].map(x => x * 2))'; node --test . || true`,
    needs: ['node'],
  },
  {
    name: 'package of node installed from a folder',
    lines: `mkdir -p /home/ada/lib /home/ada/web; cd /home/ada/lib; echo '{"name":"lib","version":"1.0.0","scripts":{"postinstall":"node -e 1"}}' > package.json; cd ../web; echo '{"name":"app","version":"1.0.0"}' > package.json; npm install --offline --no-audit --no-fund --silent ../lib`,
    needs: ['npm'],
  },
  {
    name: 'environment of python made and used',
    lines: `rm -rf /home/ada/venv; /usr/bin/python3 -m venv --without-pip /home/ada/venv; /home/ada/venv/bin/python -c 'import json, sys; print(json.dumps(sys.version))'; echo 'import hashlib; print(hashlib.sha256(b"x").hexdigest())' > /home/ada/h.py; /home/ada/venv/bin/python /home/ada/h.py`,
    needs: ['python3'],
  },
  {
    name: 'web server with visitors',
    lines: `mkdir -p /srv/www; echo hello > /srv/www/page.html
/usr/bin/python3 - <<'EOF' &
import http.server, os, threading
os.chdir('/srv/www')
s = http.server.ThreadingHTTPServer(('0.0.0.0', 8081), http.server.SimpleHTTPRequestHandler)
threading.Timer(4, s.shutdown).start()
s.serve_forever()
EOF
sleep 1; for i in $(seq 20); do curl -s http://127.0.0.1:8081/page.html > /dev/null; done; curl -s "http://198.51.100.2:8081/search?q=shoes&page=2" > /dev/null; wait`,
    needs: ['python3', 'curl'],
  },
  {
    name: 'database queried, backed up and read back',
    lines: `db=/srv/app.sqlite; rm -f $db; sqlite3 $db "create table t(a,b); insert into t values(1,'x'),(2,'y'); select count(*) from t;"; for i in $(seq 20); do sqlite3 $db "insert into t values($i,'z');"; done; sqlite3 $db .dump | gzip > /srv/app.sql.gz; zcat /srv/app.sql.gz | sqlite3 /srv/copy.sqlite; rm -f /srv/copy.sqlite`,
    needs: ['sqlite3'],
  },
  {
    name: 'server of postgres run',
    lines: `bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1); rm -rf /srv/pg; install -d -o postgres /srv/pg
runuser -u postgres -- $bin/initdb -D /srv/pg/data > /dev/null
runuser -u postgres -- $bin/pg_ctl -D /srv/pg/data -o "-k /srv/pg -p 5499" -l /srv/pg/log -w start > /dev/null
runuser -u postgres -- psql -h /srv/pg -p 5499 -c 'create table t(a int)' -c 'insert into t select generate_series(1,1000)' postgres > /dev/null
runuser -u postgres -- pg_dump -h /srv/pg -p 5499 postgres | gzip > /srv/pg.sql.gz
runuser -u postgres -- $bin/pg_ctl -D /srv/pg/data -m fast stop > /dev/null`,
    needs: ['psql'],
  },
  {
    name: 'backup of settings and homes',
    lines: `mkdir -p /srv/backup; tar czf /srv/backup/etc-$(date +%H%M%S).tgz /etc 2>/dev/null; tar czf /srv/backup/home.tgz /home/ada; gzip -t /srv/backup/home.tgz; sha256sum /srv/backup/*.tgz > /srv/backup/sums; find /srv/backup -name 'etc-*' -mmin +1 -delete`,
  },
  {
    name: 'backup kept encrypted',
    lines: `tar cf /srv/backup-plain.tar /home/ada; gpg --batch --yes --pinentry-mode loopback --passphrase x -c /srv/backup-plain.tar; rm -f /srv/backup-plain.tar`,
    needs: ['gpg'],
  },
  {
    name: 'task of cron, as cron runs it',
    lines: `cd /; run-parts --report --test /etc/cron.daily; sh -c 'test -x /usr/sbin/anacron || true'; find /tmp -maxdepth 1 -mtime +10; sh -c 'cd / && run-parts --report /etc/cron.hourly'`,
  },
  {
    name: 'session over SSH on loopback',
    lines: `mkdir -p /root/.ssh; [ -e /root/.ssh/id_work ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_work
enter right ada@127.0.0.1 'uptime; ls -l; df -h'; echo text > /root/note; SSH_ASKPASS=${'/opt/session'}/password-right SSH_ASKPASS_REQUIRE=force setsid scp -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no /root/note ada@127.0.0.1:note`,
    needs: ['ssh', 'sshd'],
  },
  {
    name: 'something like a container run',
    lines: `root=$(mktemp -d /srv/ct.XXXX); mkdir -p $root/bin $root/lib $root/lib64 $root/usr; unshare --mount --pid --fork --uts sh -c "hostname ct; mount --rbind /usr $root/usr; mount --rbind /lib $root/lib; mount --rbind /lib64 $root/lib64; chroot $root /usr/bin/ls / > /dev/null; true"; rm -rf --one-file-system $root || true`,
  },
  {
    name: 'logs rotated',
    lines: `echo line >> /var/log/app.log; for i in 1 2; do mv -f /var/log/app.log /var/log/app.log.$i; gzip -f /var/log/app.log.$i; echo line > /var/log/app.log; done; pkill -HUP -x rsyslogd || true; rm -f /var/log/app.log.*.gz`,
  },
  {
    name: 'files edited as editors do',
    lines: `cd /home/ada; echo a > notes.txt; cp -p notes.txt .notes.txt.swp; sed -i 's/a/b/' notes.txt; mv notes.txt notes.txt~; cp notes.txt~ notes.txt; rm -f .notes.txt.swp notes.txt~; printf 'wq\\n' | ed -s notes.txt 2>/dev/null || true`,
  },
  {
    name: 'administrator looks at the load',
    lines: `uptime; ps aux | sort -k3 -r | head; df -h; free -m; ss -tlnp; du -sh /srv; systemctl status cron || true; journalctl -n 5 || true`,
  },
  {
    name: 'administrator looks at the network',
    lines: `ip addr; ss -tn; getent hosts www.example; curl -sI -m 3 http://198.51.100.9/ > /dev/null`,
  },
  {
    name: 'files searched and counted',
    lines: `find /srv -type f | wc -l; grep -rn hello /srv/www || true; find /home/ada -name '*.c' -exec wc -l {} \\; ; awk '{print $1}' /etc/fstab; sort /etc/services | uniq | head`,
  },
  {
    name: 'service started, watched and stopped',
    lines: `sleep 30 & p=$!; kill -0 $p; ps -p $p -o pid,etime; kill $p; wait $p || true; systemctl restart app || true; systemctl is-active app || true`,
  },
  {
    name: 'archive fetched and unpacked',
    lines: `d=$(mktemp -d); tar czf /srv/www-a.tar.gz -C /srv files; curl -s -m 5 -o $d/a.tar.gz http://198.51.100.9/a.tar.gz; cp /srv/www-a.tar.gz $d/b.tar.gz; tar xzf $d/b.tar.gz -C $d; rm -rf $d`,
  },
  {
    name: 'API called with data',
    lines: `for i in 1 2 3; do curl -s -m 5 -k -H 'content-type: application/json' -d '{"a":1}' https://198.51.100.9/api/v1/items > /dev/null; done`,
  },
  {
    name: 'rights set on a release',
    lines: `mkdir -p /srv/app/bin /srv/app/data; cp /usr/bin/true /srv/app/bin/app; chmod 755 /srv/app/bin/app; chown -R ada:ada /srv/app; chmod -R u+rwX,go+rX /srv/app; ln -sfn /srv/app /srv/current; /srv/app/bin/app; rm -rf /srv/app /srv/current`,
  },
  {
    name: 'pictures renamed and packed',
    lines: `mkdir -p /home/ada/pictures; for i in $(seq 30); do echo $i > /home/ada/pictures/img$i.jpg; done; cd /home/ada/pictures; for f in *.jpg; do mv $f holiday-$f; done; zip -q -r ../pictures.zip . || true; cd; rm -rf /home/ada/pictures /home/ada/pictures.zip`,
  },
  {
    name: 'user works through sudo',
    lines: `echo 'correct horse' | runuser -u ada -- sudo -S -p '' id; echo 'correct horse' | runuser -u ada -- sudo -S -p '' systemctl restart app || true`,
    needs: ['sudo'],
  },
];
