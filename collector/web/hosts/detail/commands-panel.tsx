import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { CommandJson } from '../../../api/json/command.ts';
import type { HostJson } from '../../../api/json/host.ts';
import { useCommands } from '../../data/host-queries.ts';
import { request } from '../../data/request.ts';
import { useMay } from '../../session/caller.ts';
import type { TableColumn } from '../../table/column.ts';
import { VirtualTable } from '../../table/virtual-table.tsx';
import { Empty, Failure } from '../../text/failure.tsx';
import { Visible } from '../../text/visible.tsx';
import { Ago } from '../../time/instant.tsx';

/** Commands that need no arguments and change nothing but what the agent does anyway. */
const offered = [
  ['agent.status', 'Ask how the agent is'],
  ['agent.flush', 'Send what waits'],
] as const;

const columns: readonly TableColumn<CommandJson>[] = [
  {
    ...{ id: 'issued', title: 'Given', width: 110 },
    text: ({ issuedAt }) => issuedAt,
    cell: ({ issuedAt }) => <Ago at={issuedAt} />,
  },
  { id: 'name', title: 'Command', width: 150, text: ({ name }) => name },
  { id: 'by', title: 'By', width: 110, text: ({ issuedBy }) => issuedBy },
  {
    ...{ id: 'state', title: 'State', width: 110 },
    text: ({ state }) => state,
    cell: ({ state }) => <span className={`command-state ${state}`}>{state}</span>,
  },
  {
    ...{ id: 'detail', title: 'What came of it', width: 240, grows: true },
    text: ({ code, detail, output }) =>
      [code, detail, output === null ? '' : JSON.stringify(output)].filter(Boolean).join(' '),
  },
  {
    ...{ id: 'answered', title: 'Answered', width: 110 },
    text: ({ answeredAt }) => answeredAt ?? '',
    cell: ({ answeredAt }) =>
      answeredAt === null ? <span className="muted">–</span> : <Ago at={answeredAt} />,
  },
];

const keyOf = ({ id }: CommandJson) => id;

/** What the host was told to do, and what came of it. */
export function CommandsPanel({ host }: { host: HostJson }) {
  const { data, error, refetch } = useCommands(host.id);
  const mayRespond = useMay('respond');
  const queries = useQueryClient();
  const give = useMutation({
    mutationFn: (name: string) =>
      request<CommandJson>('POST', `/hosts/${encodeURIComponent(host.id)}/commands`, { name }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['commands', host.id] }),
  });
  return (
    <section className="panel" aria-labelledby="host-commands">
      <div className="panel-head">
        <h2 id="host-commands">Commands</h2>
        {mayRespond &&
          offered.map(([name, words]) => (
            <button
              key={name}
              type="button"
              className="button"
              disabled={give.isPending}
              onClick={() => give.mutate(name)}
            >
              {words}
            </button>
          ))}
        {give.data !== undefined && (
          <span className="muted" role="status">
            <Visible text={give.data.name} /> was given.
          </span>
        )}
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {give.error !== null && <Failure error={give.error} retry={() => give.reset()} />}
      <VirtualTable
        label="Commands"
        name="host-commands"
        columns={columns}
        rows={data?.items ?? []}
        rowKey={keyOf}
        height="calc(100dvh - 300px)"
        empty={data !== undefined && <Empty title="It was told nothing so far" />}
      />
    </section>
  );
}
