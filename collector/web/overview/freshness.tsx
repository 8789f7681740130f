import { pageOfHost } from '../data/address.ts';
import { PresenceMark } from '../hosts/presence-mark.tsx';
import { useHostRows } from '../hosts/use-host-rows.ts';
import { Empty } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { durationWords } from '../time/duration.ts';
import { Ago } from '../time/instant.tsx';

const shown = 8;
/** Those to look at first. */
const order = { silent: 0, behind: 1, online: 2, outside: 3, revoked: 4, decommissioned: 5 } as const;

/** How old the newest of each host is, the oldest first. */
export function Freshness() {
  const rows = useHostRows();
  const sorted = rows.toSorted(
    (a, b) => order[a.presence] - order[b.presence] || (b.lagMs ?? 0) - (a.lagMs ?? 0),
  );
  return (
    <section className="panel" aria-labelledby="fresh-title">
      <div className="panel-head">
        <h2 id="fresh-title">Freshness</h2>
        <span className="muted">age of what each host sent last</span>
        <a className="panel-link" href="/hosts?sort=-lag">
          All {figure(rows.length)}
        </a>
      </div>
      {rows.length === 0 && (
        <Empty title="No hosts yet">
          Make a token with <code>vedette enroll --new-token</code> and start an agent with it.
        </Empty>
      )}
      <ul className="panel-body freshness">
        {sorted.slice(0, shown).map(({ host, presence, lagMs, ledger }) => (
          <li key={host.id}>
            <PresenceMark presence={presence} withWord={false} />
            <a href={pageOfHost(host.id)}>
              <Visible text={host.hostname} />
            </a>
            <span className="muted">
              {presence === 'silent'
                ? host.lastSeenAt !== null && (
                    <>
                      seen <Ago at={host.lastSeenAt} />
                    </>
                  )
                : (ledger?.pending ?? 0) > 0 && `${figure(ledger?.pending ?? 0)} on their way`}
            </span>
            <span className={presence === 'behind' ? 'figure bad-figure' : 'figure'}>
              {lagMs === undefined ? '–' : durationWords(lagMs)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
