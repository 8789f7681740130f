import type { ControlStore } from '../contract.ts';
import type { OnFailedSync } from '../failed-sync.ts';
import { alertStore } from './alerts.ts';
import { auditStore } from './audit.ts';
import { bundleStore } from './bundles.ts';
import { certificateStore } from './certificates.ts';
import { commandStore } from './commands.ts';
import { credentialStore } from './credentials.ts';
import { openDatabase } from './database.ts';
import { detectionStore } from './detection.ts';
import { enrolmentStore } from './enrolment.ts';
import { hostBundleStore } from './host-bundles.ts';
import { hostStore } from './hosts.ts';
import { huntStore } from './hunts.ts';
import { migrate } from './migrate.ts';
import { queryScheduleStore } from './query-schedules.ts';

export interface ControlStoreOptions {
  /** Wait for the disk at every commit. */
  readonly durable: boolean;
  /** Whoever acknowledges what is stored has to end then; thrown where it is not given. */
  readonly onFailedSync?: OnFailedSync;
}

/**
 * Opens the control database at `path`, creating or migrating it. Several threads and processes may have it open.
 * Throws `data.corrupt`, `data.unreadable`, `data.in_use` or `data.schema_newer`.
 */
export async function openControlStore(path: string, options: ControlStoreOptions): Promise<ControlStore> {
  const db = openDatabase(path, options.durable, options.onFailedSync);
  try {
    await migrate(db, path);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    bundles: bundleStore(db),
    hosts: hostStore(db),
    hostBundles: hostBundleStore(db),
    alerts: alertStore(db),
    detection: detectionStore(db),
    enrolment: enrolmentStore(db),
    certificates: certificateStore(db),
    credentials: credentialStore(db),
    commands: commandStore(db),
    querySchedules: queryScheduleStore(db),
    audit: auditStore(db),
    hunts: huntStore(db),
    close: () => db.destroy(),
  };
}
