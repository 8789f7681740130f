import type { AlertDigest, Difference } from './contract.ts';

const nothing: Difference = { new: 0, gone: 0, changed: 0, same: 0 };

/** What would change for each rule: alerts are told apart by their ids, which the same events always give again. */
export function differences(
  candidate: ReadonlyMap<string, AlertDigest>,
  inForce: ReadonlyMap<string, AlertDigest>,
): ReadonlyMap<string, Difference> {
  const found = new Map<string, Difference>();
  const add = (ruleId: string, what: keyof Difference) => {
    const before = found.get(ruleId) ?? nothing;
    found.set(ruleId, { ...before, [what]: before[what] + 1 });
  };
  for (const [id, alert] of candidate) {
    const before = inForce.get(id);
    if (before === undefined) add(alert.ruleId, 'new');
    else add(alert.ruleId, isSame(alert, before) ? 'same' : 'changed');
  }
  for (const [id, { ruleId }] of inForce) if (!candidate.has(id)) add(ruleId, 'gone');
  return found;
}

function isSame(a: AlertDigest, b: AlertDigest): boolean {
  return a.count === b.count && a.firstEventAt === b.firstEventAt && a.lastEventAt === b.lastEventAt;
}

export function sumOf(parts: Iterable<Difference>): Difference {
  let sum = nothing;
  for (const part of parts)
    sum = {
      new: sum.new + part.new,
      gone: sum.gone + part.gone,
      changed: sum.changed + part.changed,
      same: sum.same + part.same,
    };
  return sum;
}
