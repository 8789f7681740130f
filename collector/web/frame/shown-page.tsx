import { type ReactNode, Suspense, useEffect, useRef } from 'react';
import { pages } from '../pages.ts';
import { matchPath } from '../route/match.ts';
import type { PageEntry } from '../route/page-entry.ts';
import { usePath } from '../route/place.ts';
import { useTitle } from '../route/title.ts';
import { useCaller } from '../session/caller.ts';
import { Empty } from '../text/failure.tsx';
import { SectionBoundary } from '../text/section-boundary.tsx';

interface Found {
  readonly entry: PageEntry;
  readonly params: Readonly<Record<string, string>>;
}

function pageAt(path: string): Found | undefined {
  for (const entry of pages) {
    const params = matchPath(entry.path, path);
    if (params !== undefined) return { entry, params };
  }
  return undefined;
}

/** After a step to another page the next Tab goes on from its top; the first page leaves the focus alone. */
function useFocusOnArrival(page: PageEntry['page'] | undefined) {
  const main = useRef<HTMLElement>(null);
  const arrivedAt = useRef(page);
  useEffect(() => {
    if (arrivedAt.current === page) return;
    arrivedAt.current = page;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [page]);
  return main;
}

/** The page of the address. */
export function ShownPage() {
  const path = usePath();
  const found = pageAt(path);
  const main = useFocusOnArrival(found?.entry.page);
  return (
    <main className="page" id="page" ref={main} tabIndex={-1}>
      {found === undefined ? <NoPage /> : <Page found={found} />}
    </main>
  );
}

function Page({ found: { entry, params } }: { found: Found }): ReactNode {
  useTitle(entry.title);
  const { permissions } = useCaller();
  if (entry.permission !== undefined && !permissions.includes(entry.permission)) {
    return (
      <section className="panel" aria-label={entry.title}>
        <Empty title="Not for your role">This page needs the permission to {entry.permission}.</Empty>
      </section>
    );
  }
  return (
    <SectionBoundary name={entry.title} key={entry.title}>
      <Suspense fallback={<div className="page-loading" role="status" aria-label="Loading" />}>
        <entry.page params={params} />
      </Suspense>
    </SectionBoundary>
  );
}

function NoPage() {
  useTitle('No such page');
  return (
    <section className="panel" aria-labelledby="no-page">
      <div className="empty">
        <h1 id="no-page">There is no such page</h1>
        <p>
          The address may be of something that is gone. <a href="/">To the overview</a>
        </p>
      </div>
    </section>
  );
}
