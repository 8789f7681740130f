import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SensorOptions } from '../../agent/sensors/options.ts';
import type { Act } from './act.ts';
import { accountActs } from './acts/account.ts';
import { agentActs, agentFacts, littleRoomKib } from './acts/agent.ts';
import { auditActs, furnishAudit } from './acts/audit.ts';
import { callActs } from './acts/call.ts';
import { deviceActs } from './acts/device.ts';
import { fileActs, watchedFolder } from './acts/file.ts';
import { flowActs } from './acts/flow.ts';
import { logActs, ownLog } from './acts/log.ts';
import { loginActs } from './acts/login.ts';
import { moduleActs } from './acts/module.ts';
import { mountActs } from './acts/mount.ts';
import { networkActs } from './acts/network.ts';
import { furnishDpkg, packageActs, packageSettings } from './acts/package.ts';
import { packetActs } from './acts/packet.ts';
import { processActs } from './acts/process.ts';
import { queryActs } from './acts/query.ts';
import { furnishPlace, lacksPlace } from './login-place.ts';
import { writeBelow } from './stage.ts';

/** Acts that are done on one stage, and what the stage needs for them. */
export interface Scene {
  readonly acts: readonly Act[];
  readonly options?: (root: string) => SensorOptions;
  readonly furnish?: (root: string) => void;
}

function placeIfAny(root: string): void {
  if (lacksPlace() === false) furnishPlace(root);
}

/** By name, in the order in which the examples of the reference are taken from them. */
export const scenes = {
  process: { acts: processActs },
  network: { acts: networkActs },
  kernel: { acts: [...callActs, ...mountActs, ...moduleActs] },
  device: { acts: deviceActs },
  packet: { acts: [...packetActs, ...flowActs] },
  login: { acts: loginActs, furnish: placeIfAny },
  account: {
    acts: accountActs,
    furnish(root) {
      mkdirSync(join(root, 'etc/sudoers.d'), { recursive: true });
      writeBelow(root, 'etc/sudoers', `root ALL=(ALL:ALL) ALL\n@includedir ${root}/etc/sudoers.d\n`, 0o440);
    },
  },
  file: {
    acts: fileActs,
    options: (root) => ({ file: { paths: [join(root, watchedFolder, '**')] } }),
    furnish(root) {
      for (const name of [watchedFolder, 'etc/cron.d']) mkdirSync(join(root, name), { recursive: true });
    },
  },
  package: { acts: packageActs, options: () => ({ package: packageSettings }), furnish: furnishDpkg },
  log: {
    acts: logActs,
    options: (root) => ({ logFiles: [`nginx=${join(root, ownLog)}`] }),
    furnish(root) {
      placeIfAny(root);
      writeBelow(root, ownLog, 'of before\n');
    },
  },
  audit: { acts: auditActs, furnish: furnishAudit },
  query: { acts: queryActs },
  agent: {
    acts: agentActs,
    options: () => ({ agentFacts: () => agentFacts, trace: { bufferKib: littleRoomKib } }),
  },
} as const satisfies Record<string, Scene>;

export type SceneName = keyof typeof scenes;
