import { useState } from 'react';
import type { AccessSettingsJson } from '../../api/resources/access-settings.ts';
import { request } from '../data/request.ts';
import { Refusal } from './refusal.tsx';
import { useChange, useResource } from './resource.ts';
import { Section } from './section.tsx';

const path = '/settings/access';

/** From where one may come, and what signing in takes. */
export function Access() {
  const settings = useResource<AccessSettingsJson>(path);
  return (
    <Section title="Access" query={settings}>
      {settings.data !== undefined && <AccessForm now={settings.data} />}
    </Section>
  );
}

function AccessForm({ now }: { now: AccessSettingsJson }) {
  const [addresses, setAddresses] = useState(now.allowedAddresses.join('\n'));
  const [requireSecondFactor, setRequire] = useState(now.requireSecondFactor);
  const [sessionHours, setHours] = useState(now.sessionHours);
  const allowedAddresses = addresses.split(/[\s,]+/).filter((one) => one !== '');
  const save = useChange(() =>
    request<AccessSettingsJson>('PUT', path, { allowedAddresses, requireSecondFactor, sessionHours }),
  );
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="form pad narrow" onSubmit={submit}>
      <label className="check-field">
        <input
          type="checkbox"
          checked={requireSecondFactor}
          onChange={(event) => setRequire(event.target.checked)}
        />
        Everybody needs a second factor
      </label>
      <label>
        Sessions last, in hours
        <input
          type="number"
          min={1}
          max={168}
          required
          value={sessionHours}
          onChange={(event) => setHours(Number(event.target.value))}
        />
        <span className="muted">Without use they end after an hour.</span>
      </label>
      <label>
        Addresses and networks that may reach the API and this dashboard
        <textarea
          rows={4}
          spellCheck={false}
          placeholder="any"
          value={addresses}
          onChange={(event) => setAddresses(event.target.value)}
        />
        <span className="muted">One a line, e.g. 10.0.0.0/8. Agents are not meant. Empty: any.</span>
      </label>
      <Refusal error={save.error} />
      {save.isSuccess && (
        <p className="check-good" role="status">
          Saved.
        </p>
      )}
      <div>
        <button type="submit" className="button primary" disabled={save.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}
