import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { GroupJson } from '../../api/resources/groups.ts';
import { useHosts } from '../data/queries.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';

/** Hosts shown to choose from; the search narrows them. */
const mostShown = 200;

interface GroupDialogProps {
  /** The one to change; none: a new one. */
  readonly group: GroupJson | undefined;
  readonly taken: readonly string[];
  readonly close: () => void;
}

/** Asks what a group is called and which hosts are in it. */
export function GroupDialog({ group, taken, close }: GroupDialogProps) {
  const queries = useQueryClient();
  const hosts = useHosts().data?.items ?? [];
  const [name, setName] = useState(group?.name ?? '');
  const [description, setDescription] = useState(group?.description ?? '');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(group?.hosts));
  const [search, setSearch] = useState('');
  const low = search.trim().toLowerCase();
  const found = hosts.filter(({ hostname, id }) => `${hostname} ${id}`.toLowerCase().includes(low));
  const isTaken = group === undefined && taken.includes(name);
  const save = useChange(() =>
    request('PUT', `/groups/${encodeURIComponent(name)}`, { hosts: [...chosen], description }),
  );
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, {
      onSuccess() {
        void queries.invalidateQueries({ queryKey: ['hosts'] });
        close();
      },
    });
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <Dialog title={group === undefined ? 'Make a group' : `Change ${group.name}`} onClose={close}>
      <form className="form" onSubmit={submit}>
        {group === undefined && (
          <label>
            Name
            <input
              data-first-focus
              required
              pattern="[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
              value={name}
              placeholder="web"
              spellCheck={false}
              onChange={(event) => setName(event.target.value)}
            />
            <span className="muted">Letters, digits, “_”, “.” and “-”.</span>
          </label>
        )}
        {isTaken && <p className="check-bad">There is a group {name} already; change that one.</p>}
        <label>
          What its hosts are for
          <input
            maxLength={512}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        </label>
        <label>
          Find hosts
          <input type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
        </label>
        <fieldset className="checks-field host-checks">
          <legend>
            Hosts in it: {figure(chosen.size)} of {figure(hosts.length)}
          </legend>
          {found.slice(0, mostShown).map((host) => (
            <label key={host.id}>
              <input type="checkbox" checked={chosen.has(host.id)} onChange={() => toggle(host.id)} />{' '}
              <Visible text={host.hostname} />
            </label>
          ))}
          {found.length === 0 && <p className="muted">No host fits.</p>}
        </fieldset>
        {found.length > mostShown && (
          <p className="muted">And {figure(found.length - mostShown)} more; find them by name.</p>
        )}
        <Refusal error={save.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={save.isPending || isTaken}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
