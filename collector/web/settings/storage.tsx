import type { ReactNode } from 'react';
import { useStatus } from '../data/queries.ts';
import { useMay } from '../session/caller.ts';
import { figure, sizeOf } from '../text/figures.ts';
import { Exact } from '../time/instant.tsx';
import { Retention } from './retention.tsx';
import { Section } from './section.tsx';

const dayMs = 86_400_000;

/** What is stored, how fast it grows, how long the disk lasts, and how long events are kept. */
export function Storage() {
  const status = useStatus();
  const mayAdminister = useMay('administer');
  return (
    <>
      <Section title="Storage" query={status}>
        {status.data !== undefined && <Figures storage={status.data.storage} journal={status.data.journal} />}
      </Section>
      {mayAdminister && <Retention />}
    </>
  );
}

type Status = NonNullable<ReturnType<typeof useStatus>['data']>;

function Figures({ storage, journal }: Pick<Status, 'storage' | 'journal'>) {
  const { segments, oldestEventAt, newestEventAt, bytesPerDay, freeBytes, fullAt, encryption } = storage;
  const used = segments.sizeBytes + journal.sizeBytes;
  const days =
    oldestEventAt === null || newestEventAt === null
      ? null
      : (Date.parse(newestEventAt) - Date.parse(oldestEventAt)) / dayMs;
  return (
    <>
      <div className="usage pad-x">
        <meter min={0} max={used + freeBytes} value={used} aria-label="Of the disk" />
        <p className="muted">
          {sizeOf(used)} stored, {sizeOf(freeBytes)} free
        </p>
      </div>
      <dl className="facts pad">
        <Fact name="Sealed">
          {figure(segments.events)} events in {figure(segments.files)}{' '}
          {segments.files === 1 ? 'file' : 'files'}, {sizeOf(segments.sizeBytes)}
        </Fact>
        <Fact name="Journal">
          {figure(journal.events)} events, {sizeOf(journal.sizeBytes)}
        </Fact>
        <Fact name="Reaches back to">
          {oldestEventAt === null ? 'nothing is sealed yet' : <Exact at={oldestEventAt} />}
          {days !== null && <span className="muted"> ({days.toFixed(1)} days)</span>}
        </Fact>
        <Fact name="Grows by">
          {bytesPerDay === null ? 'known after an hour of sealing' : `${sizeOf(bytesPerDay)} a day`}
        </Fact>
        <Fact name="Disk is full">
          {fullAt === null ? 'not at this rate, or not known yet' : <Exact at={fullAt} />}
        </Fact>
        <Fact name="Encryption">
          {encryption.key === null ? (
            'off: what is stored is in the clear'
          ) : (
            <>
              on, with key <code>{encryption.key}</code>
              {encryption.isPending && ' (older alerts are still being encrypted)'}
            </>
          )}
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
