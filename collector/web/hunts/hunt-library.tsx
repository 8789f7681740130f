import { useState } from 'react';
import type { HuntJson } from '../../api/json/hunt.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { useHunts } from './hunt-queries.ts';

interface HuntLibraryProps {
  readonly chosen: string;
  readonly choose: (hunt: HuntJson) => void;
}

/** The hunts there are: saved ones first, then those that come with the product. */
export function HuntLibrary({ chosen, choose }: HuntLibraryProps) {
  const { data, error, isPending, refetch } = useHunts();
  const [search, setSearch] = useState('');
  const found = (data?.items ?? []).filter((hunt) => isFound(hunt, search));
  const groups = [
    ['Saved', found.filter(({ isOurs }) => !isOurs)],
    ['With Vedette', found.filter(({ isOurs }) => isOurs)],
  ] as const;
  return (
    <section className="panel library" aria-labelledby="library-title">
      <div className="panel-head">
        <h2 id="library-title">Ready hunts</h2>
        <label className="search">
          <span className="hidden-text">Search hunts</span>
          <input
            type="search"
            value={search}
            placeholder="Title or technique"
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {isPending && <p className="muted pad">Loading…</p>}
      {data !== undefined && found.length === 0 && <Empty title="No hunt fits" />}
      {groups
        .filter(([, hunts]) => hunts.length > 0)
        .map(([name, hunts]) => (
          <div key={name} className="library-group">
            <h3>{name}</h3>
            <ul>
              {hunts.map((hunt) => (
                <li key={hunt.name}>
                  <button
                    type="button"
                    className="library-item"
                    aria-current={hunt.name === chosen}
                    onClick={() => choose(hunt)}
                  >
                    <span className="library-title">
                      <Visible text={hunt.title} />
                    </span>
                    <span className="library-about">
                      <Visible text={hunt.description} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
    </section>
  );
}

function isFound({ title, description, name, tags }: HuntJson, search: string): boolean {
  const low = search.trim().toLowerCase();
  return [title, description, name, ...tags].some((text) => text.toLowerCase().includes(low));
}
