/** A provider of identities (OpenID Connect), asked by the code flow with PKCE, state and nonce. */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ServerMetadata,
} from 'openid-client';
import { VedetteError } from '#shared/errors.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { Claims } from './claims.ts';
import type { OidcSettings } from './settings.ts';

const timeoutS = 10;
const scope = 'openid profile email';
/** How long what the provider says of itself is taken as known. */
const metadataLifeMs = 300_000;

/** What must be remembered from sending somebody to the provider until they are back. */
export interface Journey {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export class OidcProvider {
  readonly settings: OidcSettings;
  readonly #maySpeakHttp: boolean;
  #known: { readonly metadata: ServerMetadata; readonly at: number } | undefined;

  constructor(settings: OidcSettings) {
    this.settings = settings;
    this.#maySpeakHttp = settings.issuer.protocol === 'http:';
  }

  /** Where to send the browser. Rejects with `oidc.unavailable`. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly journey: Journey }> {
    const config = await this.#configuration();
    const journey = {
      redirectUri,
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
    };
    const url = buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, scope, state: journey.state, nonce: journey.nonce },
      code_challenge: await calculatePKCECodeChallenge(journey.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, journey };
  }

  /**
   * What the provider says of who came back with this query. Rejects with `oidc.refused` when anything is not as it
   * must be, `oidc.unavailable` when the provider does not answer.
   */
  async finish({ redirectUri, state, nonce, verifier }: Journey, query: string): Promise<Claims> {
    const config = await this.#configuration();
    const current = new URL(redirectUri);
    current.search = query;
    try {
      const tokens = await authorizationCodeGrant(config, current, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new VedetteError('oidc.refused', 'There is no id token.');
      if (config.serverMetadata().userinfo_endpoint === undefined) return claims;
      const more = await fetchUserInfo(config, tokens.access_token, claims.sub);
      return { ...more, ...claims };
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Made anew each time, so that the keys are those the provider has now: it may have changed them. */
  async #configuration(): Promise<Configuration> {
    const { clientId, clientSecret } = this.settings;
    const metadata = await this.#metadata();
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isBasic = methods.includes('client_secret_basic');
    const authentication = isBasic ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
    const config = new Configuration(metadata, clientId, clientSecret, authentication);
    config[customFetch] = boundedFetch(this.#maySpeakHttp) as never;
    config.timeout = timeoutS;
    // Else the signature of an id token that came straight from the provider is not looked at.
    enableNonRepudiationChecks(config);
    if (this.#maySpeakHttp) allowInsecureRequests(config);
    return config;
  }

  async #metadata(): Promise<ServerMetadata> {
    const now = Date.now();
    if (this.#known !== undefined && now - this.#known.at < metadataLifeMs) return this.#known.metadata;
    try {
      const config = await discovery(this.settings.issuer, this.settings.clientId, undefined, undefined, {
        [customFetch]: boundedFetch(this.#maySpeakHttp) as never,
        timeout: timeoutS,
        ...(this.#maySpeakHttp && { execute: [allowInsecureRequests] }),
      });
      this.#known = { metadata: { ...config.serverMetadata() }, at: now };
      return this.#known.metadata;
    } catch (error) {
      const detail = `${this.settings.issuer.origin}: ${(error as Error).message}.`;
      throw new VedetteError('oidc.unavailable', detail, { cause: error });
    }
  }
}

/** The library's own words; what the provider or the browser sent is not repeated. */
function refusalOf(error: unknown): VedetteError {
  if (error instanceof VedetteError) return error;
  const { message, code, cause } = error as Error & { readonly code?: string };
  const isUnanswered = code === 'OAUTH_TIMEOUT' || cause instanceof TypeError || error instanceof TypeError;
  const detail = `${message}${code === undefined ? '' : ` (${code})`}.`;
  return new VedetteError(isUnanswered ? 'oidc.unavailable' : 'oidc.refused', detail, { cause: error });
}
