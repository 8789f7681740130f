import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { BacktestReportJson } from '../../api/json/backtest.ts';
import type { RolloutJson } from '../../api/json/rollout.ts';
import type { BuiltJson } from '../../api/resources/bundles.ts';
import type { RuleCheck } from '../../store/contract.ts';
import { useHosts } from '../data/queries.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { PlanFields, type RolloutPlan } from '../rollouts/start-rollout.tsx';
import { go } from '../route/place.ts';
import { Refusal } from '../settings/refusal.tsx';
import { figure } from '../text/figures.ts';
import { OfflineSigning } from './offline-signing.tsx';
import type { RuleEditJson } from './rule-edit.ts';
import { useRulesRoot } from './rule-queries.ts';

interface PushDialogProps {
  readonly edit: RuleEditJson;
  readonly check: RuleCheck | undefined;
  readonly report: BacktestReportJson | null;
  readonly close: () => void;
}

const hourMs = 3_600_000;

/** Alerts of a host in an hour that a backtest found; what a rollout is held against. */
function expectedOf(report: BacktestReportJson | null, hosts: number): number | undefined {
  if (report === null || hosts === 0) return undefined;
  const hours = (Date.parse(report.until) - Date.parse(report.since)) / hourMs;
  return hours > 0 ? report.alerts / hours / hosts : undefined;
}

/** Makes a bundle of what is in force with the edit in it, and brings it to hosts. */
export function PushDialog({ edit, check, report, close }: PushDialogProps) {
  const root = useRulesRoot();
  return (
    <Dialog title="Push" onClose={close} className="wide">
      {root.data === undefined && <p className="muted">Loading…</p>}
      {root.data?.online.includes('signing') === true && (
        <PushForm edit={edit} check={check} report={report} />
      )}
      {root.data?.online.includes('signing') === false && <OfflineSigning edit={edit} />}
    </Dialog>
  );
}

function PushForm({ edit, check, report }: Omit<PushDialogProps, 'close'>) {
  const queries = useQueryClient();
  const hosts = (useHosts().data?.items ?? []).filter(({ state }) => state === 'active').length;
  const [plan, setPlan] = useState<RolloutPlan>({});
  const [isForced, setForced] = useState(false);
  const built = useRef<BuiltJson | null>(null);
  const expected = expectedOf(report, hosts);
  const push = useMutation({
    async mutationFn() {
      // A plan that is refused is mended without making the bundle again.
      built.current ??= await request<BuiltJson>('POST', '/rules/bundles/edit', {
        edits: [edit],
        force: isForced,
      });
      return await request<RolloutJson>('POST', '/rules/rollouts', {
        version: built.current.bundle.version,
        ...plan,
        ...(expected !== undefined && { expectedAlertsPerHour: expected }),
      });
    },
    onSuccess(rollout) {
      void queries.invalidateQueries();
      go(`/rules/rollouts?${new URLSearchParams({ id: rollout.id })}`);
    },
  });
  const failed = check?.cases.filter(({ passed }) => !passed).length ?? 0;
  const errors = check?.problems.filter(({ severity }) => severity === 'error').length ?? 0;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        push.mutate();
      }}
    >
      <ul className="push-facts">
        <li className={errors > 0 ? 'check-bad' : 'check-good'}>
          {errors > 0 ? `${figure(errors)} errors: it will be refused` : 'It compiles'}
        </li>
        <li className={failed > 0 || check?.cases.length === 0 ? 'check-bad' : 'check-good'}>
          {check === undefined || check.cases.length === 0
            ? 'It has no tests'
            : `${figure(check.cases.length - failed)} of ${figure(check.cases.length)} tests pass`}
        </li>
        <li className={report === null ? 'muted' : 'check-good'}>
          {report === null
            ? 'No backtest of it was run'
            : `${figure(report.alerts)} alerts in the backtest${expected === undefined ? '' : `, ${expected.toPrecision(2)} an hour and host`}`}
        </li>
      </ul>
      <PlanFields change={setPlan} />
      <label className="check-field">
        <input type="checkbox" checked={isForced} onChange={(event) => setForced(event.target.checked)} />
        Also without tests that pass; it is marked as untested
      </label>
      <Refusal error={push.error} />
      <div className="form-end">
        <button type="submit" className="button primary" disabled={push.isPending} data-first-focus>
          {push.isPending ? 'Checking and signing…' : 'Push'}
        </button>
      </div>
    </form>
  );
}
