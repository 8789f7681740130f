import { createServer } from 'node:net';
import type { Test } from 'tap';
import type { ApiDeps } from '../../../collector/api/deps.ts';
import { OidcProvider } from '../../../collector/auth/oidc/provider.ts';
import { type OidcConfig, oidcSettings } from '../../../collector/auth/oidc/settings.ts';
import { OidcSignIn } from '../../../collector/auth/oidc/sign-in.ts';
import { clientId, clientSecret } from './openid-provider.ts';
import { type RunningApi, startApi } from './start.ts';

/** A port nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export const usualOidc: OidcConfig = {
  ...{ oidcIssuer: '', oidcClientId: clientId, oidcClientSecretFile: '', oidcTitle: 'Example ID' },
  ...{ oidcRoleClaim: 'groups', oidcRoles: ['edr-admins=admin', 'edr-people=analyst'] },
  ...{ oidcDefaultRole: 'none', oidcEmailDomains: [] },
};

/** An API with sign-in through a provider; its parts work on the control store of that API. */
export async function startOidcApi(
  t: Test,
  config: Partial<OidcConfig>,
  {
    now = Date.now,
    port,
    webRoot,
  }: { readonly now?: () => number; readonly port?: number; readonly webRoot?: string } = {},
): Promise<RunningApi> {
  const settings = oidcSettings({ ...usualOidc, ...config }, { VEDETTE_OIDC_CLIENT_SECRET: clientSecret });
  if (settings === undefined) throw new Error('No issuer is given.');
  const makeOidc = ({ control, access }: Pick<ApiDeps, 'control' | 'access'>) => {
    const parts = { store: control.accounts, audit: control.audit, now };
    return new OidcSignIn({ provider: new OidcProvider(settings), ...parts, ...access });
  };
  return await startApi(t, webRoot === undefined ? {} : { webRoot }, {
    makeOidc,
    ...(port !== undefined && { port }),
  });
}
