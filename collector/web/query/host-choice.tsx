import { useId } from 'react';
import { outside } from '../../intake/outside.ts';
import { useHosts } from '../data/queries.ts';

interface HostChoiceProps {
  /** Ids, names, patterns over names, `group:NAME`, comma separated; empty: all. */
  readonly text: string;
  readonly change: (text: string) => void;
}

/** Which hosts are asked. */
export function HostChoice({ text, change }: HostChoiceProps) {
  const listId = useId();
  const { data } = useHosts();
  const active = (data?.items ?? []).filter(({ id, state }) => id !== outside.id && state === 'active');
  const groups = [...new Set(active.flatMap(({ groups }) => groups ?? []))].sort();
  const connected = active.filter((host) => host.connected).length;
  return (
    <label className="inline-field">
      Hosts
      <input
        className="host-choice"
        list={listId}
        value={text}
        placeholder="all"
        title="Names, patterns like web-*, or group:NAME; comma separated"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => change(event.target.value)}
      />
      <datalist id={listId}>
        {groups.map((group) => (
          <option key={group} value={`group:${group}`} />
        ))}
        {active.map(({ id, hostname }) => (
          <option key={id} value={hostname} />
        ))}
      </datalist>
      <span>
        {connected} of {active.length} connected
      </span>
    </label>
  );
}
