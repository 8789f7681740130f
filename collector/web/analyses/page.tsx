import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { analysisKinds } from '../../analysis/contract.ts';
import type { AnalysisJson } from '../../api/json/analysis.ts';
import { request } from '../data/request.ts';
import { PageHead } from '../frame/page-head.tsx';
import { Progress } from '../hunts/hunt-result.tsx';
import { HostChoice } from '../query/host-choice.tsx';
import { hostsOf } from '../query/hosts-of.ts';
import { useParameter } from '../route/place.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { boundsOf, type Span, useSpan } from '../time/span.ts';
import { SpanPicker } from '../time/span-picker.tsx';
import { FindingCard } from './finding-card.tsx';

type Kind = (typeof analysisKinds)[number];

const kindWords: Readonly<Record<Kind, readonly [title: string, about: string]>> = {
  process: ['Processes', 'What was started, from where, and how it behaved.'],
  network: ['Network', 'Connections, names and volumes that stand out.'],
  application: ['Applications', 'Packages, services and programs.'],
  user: ['Users', 'Logins, accounts and what people did.'],
};
const isKind = (text: string): text is Kind => (analysisKinds as readonly string[]).includes(text);

interface Asked {
  readonly kind: Kind;
  readonly hosts: string;
  readonly span: Span;
  /** Grows with each time it is asked for, so that the same can be asked again. */
  readonly number: number;
}

function useAnalysis(asked: Asked) {
  return useQuery({
    queryKey: ['analysis', asked],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ ...boundsOf(asked.span) });
      const hosts = hostsOf(asked.hosts);
      if (hosts[0] !== 'all') for (const host of hosts) query.append('host', host);
      return request<AnalysisJson>('GET', `/analysis/${asked.kind}?${query}`, undefined, signal);
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** Looks over what is stored for what stands out, and says what to do about it. */
export default function AnalysesPage() {
  const [inAddress, setKind] = useParameter('kind');
  const [hosts, setHosts] = useParameter('hosts');
  const [span, setSpan] = useSpan('24h');
  const [number, setNumber] = useState(0);
  const [askedHosts, setAskedHosts] = useState(hosts);
  const kind = isKind(inAddress) ? inAddress : 'process';
  const asked = { kind, hosts: askedHosts, span, number };
  const { data, error, isFetching, refetch } = useAnalysis(asked);
  const run = () => {
    setAskedHosts(hosts);
    setNumber(number + 1);
  };
  return (
    <>
      <PageHead title="Analyses" actions={<SpanPicker span={span} change={setSpan} />} />
      <section className="panel" aria-label="What is analysed">
        <div className="panel-head">
          <fieldset className="tabs" aria-label="Analysis of">
            {analysisKinds.map((one) => (
              <button key={one} type="button" aria-pressed={one === kind} onClick={() => setKind(one)}>
                {kindWords[one][0]}
              </button>
            ))}
          </fieldset>
          <p className="muted">{kindWords[kind][1]}</p>
          <HostChoice text={hosts} change={setHosts} />
          <button type="button" className="button primary" disabled={isFetching} onClick={run}>
            Analyse
          </button>
        </div>
        {isFetching && <Progress percent={null} />}
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        {data !== undefined && <Checks analysis={data} />}
      </section>
      {data !== undefined && error === null && <Findings analysis={data} />}
    </>
  );
}

/** What was looked for, also what was not found. */
function Checks({
  analysis: { checks, hosts, findings, leftOut, damagedBatches, seconds },
}: {
  analysis: AnalysisJson;
}) {
  return (
    <div className="pad-x checks">
      <p role="status">
        <strong>
          {figure(findings.length)} {findings.length === 1 ? 'finding' : 'findings'}
        </strong>{' '}
        <span className="muted">
          on {figure(hosts.length)} {hosts.length === 1 ? 'host' : 'hosts'} in {seconds.toFixed(1)} s
          {leftOut > 0 && <>; {figure(leftOut)} more of the same kind left out</>}
          {damagedBatches > 0 && <>; {figure(damagedBatches)} stored batches could not be read</>}
        </span>
      </p>
      <ul className="check-list">
        {checks.map(({ name, title, found }) => (
          <li key={name} className={found > 0 ? 'found' : undefined}>
            {title} <span className="figure">{figure(found)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Findings({ analysis: { findings } }: { analysis: AnalysisJson }) {
  if (findings.length === 0)
    return (
      <section className="panel" aria-label="Findings">
        <Empty title="Nothing stands out">None of the checks above found anything in this time.</Empty>
      </section>
    );
  return (
    <section aria-label="Findings" className="findings">
      {findings.map((finding) => (
        <FindingCard key={finding.id} finding={finding} />
      ))}
    </section>
  );
}
