import { VedetteError } from '#shared/errors.ts';
import { maxGlobLength } from '#shared/glob.ts';
import type { HostWeight } from './risk.ts';

const form = /^(.+)=(\d{1,2}(?:\.\d{1,3})?)$/;
const most = 10;

/** What alerts of some hosts weigh, each written `HOSTS=WEIGHT`. Throws `config.invalid`. */
export function hostWeights(written: readonly string[]): readonly HostWeight[] {
  return written.map((one) => {
    const [, hosts = '', weight = ''] = form.exec(one) ?? [];
    if (hosts === '' || hosts.length > maxGlobLength || Number(weight) > most)
      throw new VedetteError('config.invalid', `riskHostWeights: ${one} is not HOSTS=WEIGHT, 0 to ${most}.`);
    return { hosts, weight: Number(weight) };
  });
}
