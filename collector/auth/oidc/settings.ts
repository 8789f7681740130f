/** A provider of identities as the configuration names it. */
import { VedetteError } from '#shared/errors.ts';
import { readText } from '#shared/files.ts';
import { type Role, roles } from '../../store/contract.ts';

export interface OidcSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the button says. */
  readonly title: string;
  /** The claim that roles come from; dots lead into objects. */
  readonly roleClaim: string;
  /** In order; the first whose value the claim holds gives the role. */
  readonly roles: readonly { readonly value: string; readonly role: Role }[];
  /** For whom none of them fits; null: they are refused. */
  readonly defaultRole: Role | null;
  /** In lower case; none: any, and no e-mail address is needed. */
  readonly emailDomains: readonly string[];
}

/** What of the collector's configuration is about it. */
export interface OidcConfig {
  readonly oidcIssuer: string;
  readonly oidcClientId: string;
  readonly oidcClientSecretFile: string;
  readonly oidcTitle: string;
  readonly oidcRoleClaim: string;
  readonly oidcRoles: readonly string[];
  readonly oidcDefaultRole: string;
  readonly oidcEmailDomains: readonly string[];
}

const secretVariable = 'VEDETTE_OIDC_CLIENT_SECRET';

const invalid = (detail: string) => new VedetteError('config.invalid', detail);

/** Undefined where no provider is named. Throws `config.invalid` and `data.unreadable`. */
export function oidcSettings(
  config: OidcConfig,
  environment: NodeJS.ProcessEnv = process.env,
): OidcSettings | undefined {
  if (config.oidcIssuer === '') return undefined;
  if (config.oidcClientId === '') throw invalid('oidcIssuer is given, oidcClientId is not.');
  const defaultRole = roleOf(config.oidcDefaultRole);
  return {
    issuer: issuerOf(config.oidcIssuer),
    clientId: config.oidcClientId,
    clientSecret: secretOf(config.oidcClientSecretFile, environment),
    title: config.oidcTitle,
    roleClaim: config.oidcRoleClaim,
    roles: config.oidcRoles.map(mappingOf),
    defaultRole: defaultRole ?? null,
    emailDomains: config.oidcEmailDomains.map((domain) => domain.toLowerCase().replace(/^@/, '')),
  };
}

/** Over plain HTTP only on this machine: whoever sits between could sign in as anybody. */
function issuerOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !isTrustworthy(url)) throw invalid('oidcIssuer must be an https:// address.');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid('oidcIssuer must be an address without user, query and fragment.');
  return url;
}

/** Whether what comes from there cannot have been changed on the way. */
export function isTrustworthy(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === 'http:' && isLoopback;
}

function secretOf(file: string, environment: NodeJS.ProcessEnv): string {
  const secret = file === '' ? environment[secretVariable] : readText(file);
  if (secret === undefined || secret.trim() === '')
    throw invalid(`The secret of oidcClientId is neither in oidcClientSecretFile nor in ${secretVariable}.`);
  return secret.trim();
}

function roleOf(text: string): Role | undefined {
  return roles.find((role) => role === text);
}

function mappingOf(text: string) {
  const at = text.lastIndexOf('=');
  const role = roleOf(text.slice(at + 1));
  if (at < 1 || role === undefined)
    throw invalid(`oidcRoles must be VALUE=ROLE with a role of ${roles.join(', ')}, not ${text}.`);
  return { value: text.slice(0, at), role };
}
