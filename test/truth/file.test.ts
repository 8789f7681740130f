import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileActs, watchedFolder } from './acts/file.ts';
import { checkActs } from './check-acts.ts';

checkActs(
  fileActs,
  (root) => ({ file: { paths: [join(root, watchedFolder, '**')] } }),
  (root) => {
    mkdirSync(join(root, watchedFolder), { recursive: true });
    mkdirSync(join(root, 'etc/cron.d'), { recursive: true });
  },
);
