import type { ShownRules } from '../data/address.ts';
import { Mark } from '../header/mark.tsx';
import { SectionBoundary } from '../text/section-boundary.tsx';
import { CoveragePage } from './coverage-page.tsx';
import { RuleList } from './rule-list.tsx';
import { RulePage } from './rule-page.tsx';

/** The pages about rules. */
export function RulesRoot({ shown }: { shown: ShownRules }) {
  return (
    <>
      <header className="header">
        <a className="brand" href="/">
          <Mark />
          Vedette
        </a>
        <nav className="sections" aria-label="Sections">
          <a href="/">Dashboard</a>
          <a href="/?rules=list" aria-current={shown.page === 'list' ? 'page' : undefined}>
            Rules
          </a>
          <a href="/?rules=coverage" aria-current={shown.page === 'coverage' ? 'page' : undefined}>
            Coverage
          </a>
        </nav>
      </header>
      <main className="page">
        <SectionBoundary name="Rules">
          {shown.page === 'list' && <RuleList />}
          {shown.page === 'coverage' && <CoveragePage />}
          {shown.page === 'rule' && <RulePage id={shown.id} />}
        </SectionBoundary>
      </main>
    </>
  );
}
