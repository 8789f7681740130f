/** Providers of identities on loopback: a real one, and one whose id tokens are whatever a test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import type { Test } from 'tap';

export const clientId = 'vedette';
export const clientSecret = 'a secret of the client that is long enough';

async function serving(t: Test) {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    handleWith: (listener: RequestListener) => {
      handle = listener;
    },
  };
}

export interface Person {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface RealProvider {
  readonly issuer: string;
  /** Who is signed in there from now on. */
  signIn(person: Person): void;
  /** Begins anew under other keys. */
  rotateKeys(): Promise<void>;
}

async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

/** The npm package oidc-provider; people are signed in without being asked. */
export async function realProvider(t: Test, redirectUris: readonly string[]): Promise<RealProvider> {
  const { issuer, handleWith } = await serving(t);
  let person: Person = { sub: 'nobody' };
  const start = async (kid: string) => {
    const configuration: Configuration = {
      clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [...redirectUris] }],
      jwks: { keys: [await signingKey(kid)] },
      cookies: { keys: ['a key of cookies'] },
      claims: {
        openid: ['sub', 'groups'],
        profile: ['name', 'preferred_username'],
        email: ['email', 'email_verified'],
      },
      features: { devInteractions: { enabled: false } },
      interactions: { url: () => '/people/sign-in' },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ ...person, sub: id }) }),
      async loadExistingGrant(context) {
        const grant = new context.oidc.provider.Grant({
          clientId,
          accountId: context.oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid profile email');
        await grant.save();
        return grant;
      },
    };
    const provider = new Provider(issuer, configuration);
    provider.on('server_error', (_context, error) => t.error(error));
    const callback = provider.callback();
    handleWith((request, response) => {
      if (request.url?.startsWith('/people/sign-in')) void signInAt(provider, request, response);
      else void callback(request, response);
    });
  };
  const signInAt = (provider: Provider, request: IncomingMessage, response: ServerResponse) =>
    provider.interactionFinished(
      request,
      response,
      { login: { accountId: person.sub, remember: false } },
      { mergeWithLastSubmission: false },
    );
  await start('first');
  return {
    issuer,
    signIn: (next) => {
      person = next;
    },
    rotateKeys: () => start('second'),
  };
}

export interface ForgingProvider {
  readonly issuer: string;
  /** Signs id tokens that are right. */
  readonly privateKey: CryptoKey;
  /** Known to everybody; PEM-like text of it is what HS256 tokens are forged with. */
  readonly publicJwk: JWK;
  /** Makes the id token for a code, given the nonce that was asked for. */
  forge(make: (nonce: string) => Promise<string>): void;
  /** Of the last browser sent here. */
  readonly asked: () => URLSearchParams;
}

/** Says yes to everybody at once, and answers with the id token that the test makes. */
export async function forgingProvider(t: Test): Promise<ForgingProvider> {
  const { issuer, handleWith } = await serving(t);
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'k', use: 'sig', alg: 'RS256' };
  let asked = new URLSearchParams();
  let make: (nonce: string) => Promise<string> = async () => '';
  const json = (response: ServerResponse, body: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  handleWith((request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return void json(response, {
          ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
          ...{ jwks_uri: `${issuer}/keys`, response_types_supported: ['code'] },
          // As permissive as a careless provider may be.
          id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        });
      case '/keys':
        return void json(response, { keys: [publicJwk] });
      case '/authorize': {
        asked = url.searchParams;
        const back = new URL(asked.get('redirect_uri') ?? '');
        back.search = new URLSearchParams({ code: 'code', state: asked.get('state') ?? '' }).toString();
        return void response.writeHead(302, { location: back.href }).end();
      }
      case '/token':
        return void make(asked.get('nonce') ?? '').then((idToken) =>
          json(response, { access_token: 'access', token_type: 'Bearer', id_token: idToken }),
        );
      default:
        return void response.writeHead(404).end();
    }
  });
  return {
    issuer,
    privateKey,
    publicJwk,
    forge: (next) => {
      make = next;
    },
    asked: () => asked,
  };
}
