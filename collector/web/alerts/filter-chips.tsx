import { useHosts, useRules } from '../data/queries.ts';
import { Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { type AlertFilters, anyAlert } from './filters.ts';

interface FilterChipsProps {
  readonly filters: AlertFilters;
  readonly change: (change: Partial<AlertFilters>) => void;
}

/** What is filtered by besides status and level; each is taken away by pressing it. */
export function FilterChips({ filters, change }: FilterChipsProps) {
  const hosts = useHosts().data?.items;
  const rules = useRules().data?.rules;
  const { host, rule, tag, user, verdict, story, key, time, since, until } = filters;
  const chips: readonly (readonly [keyof AlertFilters, string, React.ReactNode])[] = [
    ['host', 'Host', <Visible key="v" text={hosts?.find(({ id }) => id === host)?.hostname ?? host} />],
    ['rule', 'Rule', <Visible key="v" text={rules?.find(({ id }) => id === rule)?.title ?? rule} />],
    ['tag', 'Tag', <Visible key="v" text={tag} />],
    ['user', 'User', <Visible key="v" text={user} />],
    ['verdict', 'Found', verdict.replace('-', ' ')],
    ['story', 'Story', <Visible key="v" text={story.slice(0, 12)} />],
    ['key', 'About the same as', <Visible key="v" text={key.slice(0, 12)} />],
    ['time', 'Last', time],
    ['since', 'From', since === '' ? '' : <Exact key="v" at={since} />],
    ['until', 'To', until === '' ? '' : <Exact key="v" at={until} />],
  ];
  const set = chips.filter(([name]) => filters[name] !== anyAlert[name]);
  if (set.length === 0) return null;
  return (
    <p className="filter-chips">
      {set.map(([name, title, words]) => (
        <button key={name} type="button" className="chip" onClick={() => change({ [name]: anyAlert[name] })}>
          <span className="muted">{title}</span> {words} <span aria-hidden="true">×</span>
          <span className="hidden-text">, take this filter away</span>
        </button>
      ))}
    </p>
  );
}
