import type { HostJson } from '../../../api/json/host.ts';
import { outside } from '../../../intake/outside.ts';
import { sizeOf } from '../../text/figures.ts';
import { Code, Visible } from '../../text/visible.tsx';
import { Exact } from '../../time/instant.tsx';
import type { HostRow } from '../use-host-rows.ts';

interface FactsProps {
  readonly host: HostJson;
  readonly row: HostRow | undefined;
}

const share = (part: unknown, of: string) =>
  typeof part === 'number' ? `${(part * 100).toFixed(1)} % ${of}` : undefined;
const bytes = (count: unknown) => (typeof count === 'number' ? sizeOf(count) : undefined);
const free = (left: unknown, all: unknown) =>
  typeof left === 'number' && typeof all === 'number' ? `${sizeOf(left)} of ${sizeOf(all)} free` : undefined;

/** Nothing where the host did not say. */
function Fact({ title, words }: { title: string; words: string | undefined }) {
  if (words === undefined) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>{words}</dd>
    </>
  );
}

/** What the host and its agent say of themselves. */
export function FactsPanel({ host, row }: FactsProps) {
  const health = row?.health;
  return (
    <section className="panel" aria-labelledby="host-facts">
      <div className="panel-head">
        <h2 id="host-facts">Host and agent</h2>
      </div>
      <dl className="panel-body facts">
        <dt>Id</dt>
        <dd>
          <Code text={host.id} wrap />
        </dd>
        <dt>Agent</dt>
        <dd>
          <Visible
            text={
              host.id === outside.id
                ? 'none: its events come through the API'
                : (host.agentVersion ?? 'not said yet')
            }
          />
        </dd>
        {host.groups !== undefined && host.groups.length > 0 && (
          <>
            <dt>Groups</dt>
            <dd className="tags">
              {host.groups.map((group) => (
                <a key={group} href={`/hosts?${new URLSearchParams({ group })}`}>
                  {group}
                </a>
              ))}
            </dd>
          </>
        )}
        <dt>Enrolled</dt>
        <dd>
          <Exact at={host.enrolledAt} />
        </dd>
        <dt>Last seen</dt>
        <dd>{host.lastSeenAt === null ? 'never' : <Exact at={host.lastSeenAt} />}</dd>
        {host.stateReason !== undefined && (
          <>
            <dt>State</dt>
            <dd>
              {host.state}: <Visible text={host.stateReason} />
            </dd>
          </>
        )}
        {health !== undefined && (
          <>
            <Fact title="Processors" words={share(health['host.cpu.usage'], 'in use')} />
            <Fact title="Memory" words={free(health['host.memory.available'], health['host.memory.total'])} />
            <Fact title="Disk" words={free(health['host.disk.free'], health['host.disk.total'])} />
            <Fact title="Agent takes" words={share(health['agent.cpu.usage'], 'of a core')} />
            <Fact title="Its memory" words={bytes(health['agent.memory.rss'])} />
          </>
        )}
      </dl>
    </section>
  );
}
