import type { AuditDetail } from '../store/contract.ts';
import { type Call, callerOf } from './operation.ts';

/** Says in the audit log what the caller did to what. Rejects when it cannot be kept, and the request with it. */
export async function record(
  call: Pick<Call<unknown, unknown, unknown>, 'deps' | 'caller' | 'now'>,
  action: string,
  target: string,
  detail: AuditDetail = {},
): Promise<void> {
  const { id, name } = callerOf(call);
  const entry = { at: call.now, actor: name, action, target, detail: { ...detail, credential: id } };
  await call.deps.control.audit.append(entry);
}
