/** Signing in through a provider of identities. */
import { VedetteError } from '#shared/errors.ts';
import type { Account, AccountStore, AuditDetail, AuditStore, Role } from '../../store/contract.ts';
import { type Accounts, userNameRoom } from '../accounts.ts';
import type { Auth } from '../auth.ts';
import { hashSecret, newSecret } from '../secret.ts';
import type { Knock, SignedIn } from '../sign-in.ts';
import { type Claims, displayNameFrom, isOfDomain, nameFrom, roleFrom } from './claims.ts';
import type { Journey, OidcProvider } from './provider.ts';

/** How long somebody may take at the provider. */
export const journeyLifeMs = 600_000;
/** Beyond it the one begun first is forgotten, and must begin again. */
const maxJourneys = 5000;
/** Names tried for a new user whose name is taken. */
const maxNames = 50;

/** Who does what the provider says. */
const by = { id: 'oidc', name: 'oidc' };

export interface OidcSignInOptions {
  readonly provider: OidcProvider;
  readonly store: AccountStore;
  readonly accounts: Accounts;
  readonly audit: AuditStore;
  readonly auth: Auth;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class OidcSignIn {
  readonly counters = { shed: 0 };
  readonly #o: OidcSignInOptions;
  /** By hash of the secret in the browser's cookie, oldest first. */
  readonly #journeys = new Map<string, Journey & { readonly endsAt: number }>();

  constructor(options: OidcSignInOptions) {
    this.#o = options;
  }

  get title(): string {
    return this.#o.provider.settings.title;
  }

  /** Where to send the browser, and what it must come back with. Rejects with `oidc.unavailable`. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly cookie: string }> {
    const { url, journey } = await this.#o.provider.begin(redirectUri);
    const cookie = newSecret();
    this.#journeys.set(hashSecret(cookie), { ...journey, endsAt: this.#o.now() + journeyLifeMs });
    if (this.#journeys.size > maxJourneys) {
      const [oldest] = this.#journeys.keys();
      if (oldest !== undefined) this.#journeys.delete(oldest);
      this.counters.shed++;
    }
    return { url, cookie };
  }

  /** Rejects with `oidc.refused`, `oidc.not_allowed` or `oidc.unavailable`; each journey ends once. */
  async finish(cookie: string | undefined, query: string, knock: Knock): Promise<SignedIn> {
    try {
      const claims = await this.#o.provider.finish(this.#take(cookie), query);
      const account = await this.#accountOf(claims);
      const session = await this.#o.auth.beginSession(account, 'oidc', knock.client);
      return { ...session, device: undefined };
    } catch (error) {
      if (error instanceof VedetteError && error.code !== 'oidc.unavailable')
        await this.#refused(error, { address: knock.client.address ?? '' });
      throw error;
    }
  }

  #take(cookie: string | undefined): Journey {
    const key = cookie === undefined || cookie.length > 256 ? '' : hashSecret(cookie);
    const journey = this.#journeys.get(key);
    this.#journeys.delete(key);
    if (journey === undefined || journey.endsAt < this.#o.now())
      throw new VedetteError('oidc.refused', 'This browser did not begin here, or too long ago.');
    return journey;
  }

  /** Known by issuer and subject alone: names and e-mail addresses change hands. */
  async #accountOf(claims: Claims): Promise<Account> {
    const { settings } = this.#o.provider;
    const subject = { issuer: settings.issuer.href, subject: String(claims['sub']) };
    const role = roleFrom(settings, claims);
    if (role === undefined || !isOfDomain(settings, claims))
      throw new VedetteError(
        'oidc.not_allowed',
        'Neither their role nor their domain is one that may come in.',
      );
    const known = await this.#o.store.bySubject(subject.issuer, subject.subject);
    if (known === undefined) return await this.#addAccount(claims, subject, role);
    if (known.isDisabled) throw new VedetteError('oidc.not_allowed', `The user ${known.name} is disabled.`);
    if (settings.roles.length === 0 || known.role === role) return known;
    return await this.#withRole(known, role);
  }

  /** The last admin stays one, whatever the provider says: else nobody could mend what it says. */
  async #withRole(known: Account, role: Role): Promise<Account> {
    try {
      return await this.#o.accounts.change(known.id, { role }, by);
    } catch (error) {
      if (error instanceof VedetteError && error.code === 'access.last_admin') return known;
      throw error;
    }
  }

  async #addAccount(claims: Claims, subject: NonNullable<Account['subject']>, role: Role): Promise<Account> {
    const name = nameFrom(claims).slice(0, userNameRoom);
    const rest = { displayName: displayNameFrom(claims), role, passwordHash: null, subject };
    for (let n = 1; n <= maxNames; n++) {
      try {
        return await this.#o.accounts.addAccount({ name: n === 1 ? name : `${name}-${n}`, ...rest }, by);
      } catch (error) {
        if (!(error instanceof VedetteError && error.code === 'access.user_exists')) throw error;
        // Two that came at once: the other one made it.
        const made = await this.#o.store.bySubject(subject.issuer, subject.subject);
        if (made !== undefined) return made;
      }
    }
    throw new VedetteError('access.user_exists', `There are ${maxNames} users called like ${name} already.`);
  }

  async #refused(error: VedetteError, detail: AuditDetail): Promise<void> {
    await this.#o.audit.append({
      ...{ at: this.#o.now() * 1000, actor: 'unknown', action: 'session.refuse', target: 'unknown user' },
      detail: { ...detail, factor: 'oidc', code: error.code, reason: error.detail },
    });
  }
}
