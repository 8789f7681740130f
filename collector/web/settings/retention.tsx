import { useState } from 'react';
import type { RetentionJson, RetentionPreviewJson } from '../../api/resources/retention.ts';
import { request } from '../data/request.ts';
import { sizeOf } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { ConfirmRetention } from './confirm-retention.tsx';
import { Refusal } from './refusal.tsx';
import { useChange, useResource } from './resource.ts';
import { changeOf, fieldsOf, type RetentionFields, strayLine } from './retention-fields.ts';
import { Section } from './section.tsx';

const path = '/settings/retention';
const origins = {
  set: 'Set here.',
  configured: 'From collector.json.',
  default: 'As usual; nobody set it.',
} as const;

/** How long events are kept. What deletes stored events is told first, and takes a word to confirm. */
export function Retention() {
  const state = useResource<RetentionJson>(path);
  return (
    <Section
      title="Retention"
      about="Events older than this are deleted, whole files at a time; alerts have a retention of their own."
      query={state}
    >
      {state.data !== undefined && <RetentionForm state={state.data} />}
    </Section>
  );
}

function RetentionForm({ state }: { state: RetentionJson }) {
  const { from, configured, changedAt, changedBy } = state;
  const [fields, setFields] = useState(() => fieldsOf(state.inForce));
  const [asked, setAsked] = useState<RetentionPreviewJson | null>(null);
  const stray = strayLine(fields.types);
  const put = (name: keyof RetentionFields) => (event: { target: { value: string } }) =>
    setFields({ ...fields, [name]: event.target.value });
  const save = useChange((mayDeleteEvents: number | undefined) =>
    request<RetentionJson>('PUT', path, {
      ...changeOf(fields, configured),
      ...(mayDeleteEvents !== undefined && { mayDeleteEvents }),
    }),
  );
  const look = useChange(async () => {
    const change = changeOf(fields, configured);
    const preview = await request<RetentionPreviewJson>('POST', `${path}/preview`, change);
    if (preview.isShorter) setAsked(preview);
    else await save.mutateAsync(undefined);
  });
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    save.reset();
    look.mutate();
  };
  return (
    <form className="form pad narrow" onSubmit={submit}>
      <label>
        Days events are kept
        <input type="number" min={0} max={36_500} required value={fields.days} onChange={put('days')} />
        <span className="muted">0 keeps them until room runs out. {origins[from.days]}</span>
      </label>
      <label>
        Other days for some types
        <textarea
          rows={3}
          spellCheck={false}
          placeholder="network.connection=30"
          value={fields.types}
          onChange={put('types')}
        />
        <span className="muted">One a line, TYPE=DAYS. {origins[from.daysByType]}</span>
      </label>
      <label>
        Room for sealed events, in GiB
        <input type="number" min={0} step="any" required value={fields.gib} onChange={put('gib')} />
        <span className="muted">
          Beyond it the oldest go; 0 for no bound.{' '}
          {state.inForce.maxBytes > 0 && `Now ${sizeOf(state.inForce.maxBytes)} at most. `}
          {origins[from.maxBytes]}
        </span>
      </label>
      {stray !== undefined && <p className="check-bad">“{stray}” is not TYPE=DAYS.</p>}
      <Refusal error={look.error} />
      {save.isSuccess && (
        <p className="check-good" role="status">
          Saved.
        </p>
      )}
      {changedAt !== null && (
        <p className="muted">
          Changed <Exact at={changedAt} /> by <Visible text={changedBy ?? ''} />.
        </p>
      )}
      <div>
        <button type="submit" className="button primary" disabled={look.isPending || stray !== undefined}>
          Save
        </button>
      </div>
      {asked !== null && (
        <ConfirmRetention
          preview={asked}
          confirm={() => save.mutateAsync(asked.goes.events)}
          close={() => setAsked(null)}
        />
      )}
    </form>
  );
}
