import { sql } from 'kysely';
import { usualEpisodes } from '#shared/detect/episode.ts';
import { type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import type { AlertBounds, ControlStore } from '../contract.ts';
import type { OnFailedSync } from '../failed-sync.ts';
import { accessSettingsStore } from './access-settings.ts';
import { accountStore } from './accounts.ts';
import { alertExceptionStore } from './alert-exceptions.ts';
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
import { hostGroupStore } from './host-groups.ts';
import { hostStore } from './hosts.ts';
import { huntScheduleStore } from './hunt-schedules.ts';
import { huntStore } from './hunts.ts';
import { migrate } from './migrate.ts';
import { queryScheduleStore } from './query-schedules.ts';
import { AlertRecorder } from './record-alert.ts';
import { retentionSettingStore } from './retention-settings.ts';
import { rolloutStore } from './rollouts.ts';
import { SealedColumns } from './sealed-columns.ts';
import { storyStore } from './stories.ts';

export interface ControlStoreOptions {
  /** Wait for the disk at every commit. */
  readonly durable: boolean;
  /** Whoever acknowledges what is stored has to end then; thrown where it is not given. */
  readonly onFailedSync?: OnFailedSync;
  /** What is written is encrypted under its key, where it has one. */
  readonly ring?: KeyRing;
  /** What is one alert, where not as usual. */
  readonly alertBounds?: AlertBounds;
}

export const usualAlertBounds: AlertBounds = { ...usualEpisodes, maxPerHour: 1000 };

/**
 * Opens the control database at `path`, creating or migrating it. Several threads and processes may have it open.
 * Throws `data.corrupt`, `data.unreadable`, `data.in_use` or `data.schema_newer`.
 */
export async function openControlStore(path: string, options: ControlStoreOptions): Promise<ControlStore> {
  const plain = openDatabase(path, options.durable, options.onFailedSync);
  const sealed = new SealedColumns(options.ring ?? noKeyRing);
  const db = plain.withPlugin(sealed.plugin);
  const recorder = new AlertRecorder(sealed, options.alertBounds ?? usualAlertBounds);
  try {
    await migrate(plain, path);
    if (options.ring?.isInUse) await sql`PRAGMA secure_delete = ON`.execute(plain);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    accounts: accountStore(db, sealed),
    accessSettings: accessSettingsStore(db),
    retentionSettings: retentionSettingStore(db),
    bundles: bundleStore(db, sealed),
    hosts: hostStore(db),
    hostGroups: hostGroupStore(db),
    hostBundles: hostBundleStore(db),
    alerts: alertStore(db, recorder),
    alertExceptions: alertExceptionStore(db),
    stories: storyStore(db, sealed),
    detection: detectionStore(db, sealed, recorder),
    enrolment: enrolmentStore(db),
    certificates: certificateStore(db),
    credentials: credentialStore(db),
    commands: commandStore(db, sealed),
    querySchedules: queryScheduleStore(db),
    audit: auditStore(db),
    hunts: huntStore(db),
    huntSchedules: huntScheduleStore(db, sealed),
    rollouts: rolloutStore(db),
    reseal: () => sealed.reseal(plain),
    close: () => db.destroy(),
  };
}
