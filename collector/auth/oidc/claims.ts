/** What a provider says of somebody, and what that makes of them here. */
import type { Role } from '../../store/contract.ts';
import type { OidcSettings } from './settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

const longestName = 56;
const longestDisplayName = 100;

/** The role that the settings give; undefined when they refuse. */
export function roleFrom(settings: OidcSettings, claims: Claims): Role | undefined {
  const claimed = valueAt(claims, settings.roleClaim.split('.'));
  const values = (Array.isArray(claimed) ? claimed : [claimed]).filter((one) => typeof one === 'string');
  const mapped = settings.roles.find(({ value }) => values.includes(value));
  return mapped?.role ?? settings.defaultRole ?? undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return valueAt((value as Claims)[name], rest);
}

/** Whether the e-mail address, which the provider must say to have looked at, is of an allowed domain. */
export function isOfDomain({ emailDomains }: OidcSettings, claims: Claims): boolean {
  if (emailDomains.length === 0) return true;
  const { email, email_verified: isVerified } = claims;
  if (typeof email !== 'string' || isVerified !== true) return false;
  return emailDomains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());
}

/** A name that users may have, from what the provider calls them. */
export function nameFrom(claims: Claims): string {
  const { preferred_username: preferred, email, sub } = claims;
  const given = [preferred, email, sub].find((one) => typeof one === 'string' && one !== '');
  const name = String(given)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._@+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, longestName);
  return name === '' ? 'user' : name;
}

export function displayNameFrom({ name }: Claims): string {
  if (typeof name !== 'string') return '';
  return [...name.replace(/[\p{Cc}\p{Cf}]/gu, '')].slice(0, longestDisplayName).join('').toWellFormed();
}
