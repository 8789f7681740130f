/** A collector with the command line about its rules, for the tests of bundles. */
import type { Test } from 'tap';
import type { BundleJson, BundleListJson, RootJson } from '../../collector/api/json/bundle.ts';
import { userRule, userTest } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

export interface Pushed {
  readonly bundle: BundleJson;
  readonly inForce: BundleListJson['inForce'];
}
export type Listed = BundleListJson & { readonly root: Pick<RootJson, 'version' | 'online'> };

export async function startRules(t: Test, data = tempFolder(t)) {
  const server = await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);
  return {
    server,
    data,
    run: (...args: string[]) => vedette('rules', ...args, '--data', data),
    ask: <T>(...args: string[]) => vedetteJson<T>('rules', ...args, '--data', data),
  };
}

/** A rule with its test. */
export const tested = (id: string, begins: string) => ({
  [`${id}.yml`]: userRule(id, begins),
  [`${id}.test.yml`]: userTest(`${begins}1`, `no-${begins}`),
});
