import { AlertSection } from './alerts/alert-section.tsx';
import { useLiveData } from './data/live-data.ts';
import { EventSection } from './events/event-section.tsx';
import { Header } from './header/header.tsx';
import { HostSection } from './hosts/host-section.tsx';
import { RateSection } from './overview/rate-section.tsx';
import { Tiles } from './overview/tiles.tsx';
import type { Caller } from './session/use-session.ts';
import { SectionBoundary } from './text/section-boundary.tsx';

/** The first page: how things are, what needs looking at, where, and what just happened. */
export function Dashboard({ caller }: { caller: Caller }) {
  const connection = useLiveData();
  return (
    <>
      <a className="skip" href="#alerts">
        Skip to the alerts
      </a>
      <Header caller={caller} connection={connection} />
      <main className="page">
        <h1 className="hidden-text">Overview</h1>
        <SectionBoundary name="Overview">
          <Tiles />
        </SectionBoundary>
        <SectionBoundary name="Events stored per second">
          <RateSection />
        </SectionBoundary>
        <SectionBoundary name="Alerts">
          <AlertSection mayTriage={caller.permissions.includes('triage')} />
        </SectionBoundary>
        <SectionBoundary name="Hosts">
          <HostSection />
        </SectionBoundary>
        <SectionBoundary name="Events">
          <EventSection />
        </SectionBoundary>
      </main>
    </>
  );
}
