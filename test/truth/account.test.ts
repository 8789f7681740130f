import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accountActs } from './acts/account.ts';
import { checkActs } from './check-acts.ts';
import { writeBelow } from './stage.ts';

checkActs(accountActs, undefined, (root) => {
  mkdirSync(join(root, 'etc/sudoers.d'), { recursive: true });
  writeBelow(root, 'etc/sudoers', `root ALL=(ALL:ALL) ALL\n@includedir ${root}/etc/sudoers.d\n`, 0o440);
});
