import type { HostState } from '../../store/contract.ts';
import { hostJson, hostSchema } from '../json/host.ts';
import { callerOf, operation } from '../operation.ts';
import { object, text } from '../schema.ts';
import { reasonBody } from './reason.ts';

function change(verb: string, state: HostState, summary: string) {
  return operation({
    method: 'POST',
    path: `/hosts/:id/${verb}`,
    permission: 'administer',
    summary,
    params: object({ id: text }),
    body: reasonBody,
    output: hostSchema,
    async handler(call) {
      const { deps, params, body } = call;
      const reason = body.reason ?? 'no reason given';
      return hostJson(await deps.fleet.setState(params.id, state, reason, callerOf(call).name));
    },
  });
}

export const hostState = [
  change(
    'revoke',
    'revoked',
    'Revoke the identity of a host: its connection ends at once, and none is taken',
  ),
  change(
    'decommission',
    'decommissioned',
    'Take a host out of service: its agent stops trying; its events stay',
  ),
  change('restore', 'active', 'Let a host that was revoked or decommissioned connect again'),
];
