import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Act } from '../act.ts';
import { inPlace, lacksPlace, syslog } from '../login-place.ts';
import { lacks } from '../play.ts';
import { account } from '../told.ts';

/** Lines of logs. */

/** Under the root of the stage, followed by the settings. */
export const ownLog = 'srv/app/access.log';

const ownFile: Act = {
  name: 'a line of a log the settings name',
  async perform(stage) {
    const path = stage.path(ownLog);
    const before = readFileSync(path).length;
    const line = '192.0.2.7 - - "GET /?q=\u00e4 HTTP/1.1" 404';
    appendFileSync(path, `${line}\n`);
    return [
      account(
        'log.line',
        { 'log.file.path': path },
        {
          message: line,
          'log.source': 'nginx',
          'log.service': ['nginx'],
          'log.file.path': path,
          'log.offset': before,
        },
      ),
    ];
  },
};

const logger: Act = {
  name: 'a program writes to syslog',
  whyNot: () => lacks('logger') || lacksPlace(),
  async perform(stage) {
    await syslog(stage);
    const path = stage.path('var/log/syslog');
    const child = inPlace(stage, 'logger', '-i', '-t', 'backup', '-p', 'cron.warning', 'disk: 91% <full>');
    child.stdin?.end();
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`logger: ${code}`);
    return [
      account(
        'log.line',
        { 'log.syslog.appname': 'backup' },
        {
          message: 'disk: 91% <full>',
          'log.source': 'syslog',
          'log.service': ['syslog'],
          'log.file.path': path,
          'log.offset': (offset) => Number(offset) >= 0,
          'log.syslog.appname': 'backup',
          'log.syslog.hostname': hostname(),
          'process.pid': child.pid ?? -1,
        },
      ),
    ];
  },
};

export const logActs: readonly Act[] = [ownFile, logger];
