import { join } from 'node:path';
import { logActs, ownLog } from './acts/log.ts';
import { checkActs } from './check-acts.ts';
import { furnishPlace, lacksPlace } from './login-place.ts';
import { writeBelow } from './stage.ts';

checkActs(
  logActs,
  (root) => ({ logFiles: [`nginx=${join(root, ownLog)}`] }),
  (root) => {
    if (lacksPlace() === false) furnishPlace(root);
    writeBelow(root, ownLog, 'of before\n');
  },
);
