/** The second factor: six digits by the clock (TOTP, RFC 6238), or one of ten recovery codes that work once each. */

import { randomBytes } from 'node:crypto';
import { generateSecret, generateURI, verify } from 'otplib';
import type { Account, AccountStore } from '../store/contract.ts';
import { hashSecret } from './secret.ts';

const issuer = 'Vedette';
const stepS = 30;
const recoveryCodes = 10;
/** Base32 without what is mistaken for another sign. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
/** Of 31 signs: 79 bits, too many to try even for who has the hashes. */
const recoveryCodeLength = 16;

export interface NewSecondFactor {
  /** Base32. */
  readonly secret: string;
  /** For authenticator apps, shown as a QR code. */
  readonly uri: string;
}

export function newSecondFactor(userName: string): NewSecondFactor {
  const secret = generateSecret();
  return { secret, uri: generateURI({ issuer, label: userName, secret }) };
}

/** The step of time a code is of: the present one, the one before or the next; undefined when it is of none after `lastStep`. */
export async function stepOf(
  code: string,
  { secret, lastStep }: NonNullable<Account['secondFactor']>,
  nowMs: number,
): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined;
  // otplib refuses a last step beyond those it looks at, as after the clock was set back: then none is after it.
  if (lastStep > nowMs / 1000 / stepS) return undefined;
  const result = await verify({
    ...{ secret, token: code, epoch: Math.floor(nowMs / 1000), epochTolerance: stepS },
    ...(lastStep > 0 && { afterTimeStep: lastStep }),
  });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

/** Like `k3mp-9xwz-...`: four groups of four. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: recoveryCodes }, () =>
    Array.from({ length: recoveryCodeLength }, randomSign)
      .join('')
      .replace(/(?<=.)(?=(?:.{4})+$)/g, '-'),
  );
}

/** Every sign as likely: bytes that would favour the first ones are drawn again. */
function randomSign(): string {
  for (;;) {
    const byte = randomBytes(1)[0] as number;
    if (byte < 256 - (256 % alphabet.length)) return alphabet[byte % alphabet.length] as string;
  }
}

/** What is stored of a code: however it was typed, its hash. */
export function recoveryCodeHash(code: string): string {
  return hashSecret(code.toLowerCase().replace(/[\s-]/g, ''));
}

/** Takes a code once: six digits or a recovery code. False for a wrong or used one. */
export async function takeCode(
  accounts: AccountStore,
  { id, secondFactor }: Account,
  code: string,
  nowMs: number,
): Promise<boolean> {
  if (secondFactor === null || secondFactor.confirmedAt === null) return false;
  const digits = code.replace(/\s/g, '');
  if (/^\d{6}$/.test(digits)) {
    const step = await stepOf(digits, secondFactor, nowMs);
    return step !== undefined && (await accounts.spendStep(id, step));
  }
  return await accounts.spendRecoveryCode(id, recoveryCodeHash(code));
}
