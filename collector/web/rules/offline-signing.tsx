import { useEffect, useRef } from 'react';
import type { BundleListJson } from '../../api/json/bundle.ts';
import { saveFile } from '../hunts/export.ts';
import { Copyable } from '../settings/copyable.tsx';
import type { RuleEditJson } from './rule-edit.ts';
import { useBundles } from './rule-queries.ts';

const pollMs = 3_000;

/** Where the collector may not sign: what to run where the key is, and what has arrived since. */
export function OfflineSigning({ edit }: { edit: RuleEditJson }) {
  const { data, refetch } = useBundles();
  const first = useRef<number | null>(null);
  if (first.current === null && data !== undefined) first.current = newestOf(data);
  useEffect(() => {
    const timer = setInterval(() => void refetch(), pollMs);
    return () => clearInterval(timer);
  }, [refetch]);
  if (data === undefined || first.current === null) return <p className="muted">Loading…</p>;
  const next = first.current + 1;
  const arrived = data.items.find(({ version }) => version >= next);
  const save = () => {
    saveFile(new Blob([edit.text], { type: 'application/yaml' }), 'rule.yml');
    if (edit.tests !== undefined)
      saveFile(new Blob([edit.tests], { type: 'application/yaml' }), 'rule.test.yml');
  };
  const commands = [
    `vedette rules build ./rules --bundle-version ${next} --output rules-${next}.bundle`,
    `vedette rules sign rules-${next}.bundle --key signing.key`,
    `vedette rules push rules-${next}.bundle`,
  ];
  return (
    <div className="form">
      <p>
        The key that signs rules is not on this collector. Put the edited files into your folder of rules, and
        run this where the key is:
      </p>
      <div>
        <button type="button" className="button" onClick={save} data-first-focus>
          Download the files
        </button>
      </div>
      {commands.map((command) => (
        <Copyable key={command} text={command} label={command.split(' ').slice(0, 3).join(' ')} />
      ))}
      <p role="status" className={arrived === undefined ? 'muted' : 'check-good'}>
        {arrived === undefined ? (
          `Waiting for bundle ${next}…`
        ) : (
          <>
            Bundle {arrived.version} has arrived. <a href="/rules/rollouts">See how it reaches hosts</a>
          </>
        )}
      </p>
    </div>
  );
}

function newestOf({ items }: BundleListJson): number {
  return Math.max(0, ...items.map(({ version }) => version));
}
