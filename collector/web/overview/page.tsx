import { PageHead } from '../frame/page-head.tsx';
import { SectionBoundary } from '../text/section-boundary.tsx';
import { AlertHistogram } from './alert-histogram.tsx';
import { Freshness } from './freshness.tsx';
import { Lately } from './lately.tsx';
import { LossLedger } from './loss-ledger.tsx';
import { NewestAlerts } from './newest-alerts.tsx';
import { RateSection } from './rate-section.tsx';
import { Tiles } from './tiles.tsx';
import { TopRisk } from './top-risk.tsx';

const sections = [
  ['Newest open alerts', NewestAlerts],
  ['Top risk', TopRisk],
  ['Freshness', Freshness],
  ['Loss ledger', LossLedger],
  ['Lately', Lately],
] as const;

/** How things are, at a glance. */
export default function OverviewPage() {
  return (
    <>
      <PageHead title="Overview" />
      <SectionBoundary name="Figures">
        <Tiles />
      </SectionBoundary>
      <div className="columns charts">
        <SectionBoundary name="Alerts raised">
          <AlertHistogram />
        </SectionBoundary>
        <SectionBoundary name="Events stored per second">
          <RateSection />
        </SectionBoundary>
      </div>
      <div className="columns">
        {sections.map(([name, Section]) => (
          <SectionBoundary key={name} name={name}>
            <Section />
          </SectionBoundary>
        ))}
      </div>
    </>
  );
}
