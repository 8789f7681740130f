import { beacon } from './beacon.ts';
import type { DetectorSpec } from './contract.ts';
import { dns } from './dns.ts';
import { entropy } from './entropy.ts';
import { exfiltration } from './exfiltration.ts';
import { frequency } from './frequency.ts';
import { lifecycle } from './lifecycle.ts';
import { listener } from './listener.ts';
import { login } from './login.ts';
import { mismatch } from './mismatch.ts';
import { profile } from './profile.ts';
import { ransom } from './ransom.ts';
import { scan } from './scan.ts';
import { versions } from './versions.ts';
import { vulnerable } from './vulnerable.ts';

/** Every detector there is. */
export const detectorSpecs: readonly DetectorSpec[] = [
  beacon,
  dns,
  entropy,
  exfiltration,
  frequency,
  lifecycle,
  listener,
  login,
  mismatch,
  profile,
  ransom,
  scan,
  versions,
  vulnerable,
];
