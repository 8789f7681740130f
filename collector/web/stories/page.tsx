import { useMemo } from 'react';
import type { StoryJson } from '../../api/json/story.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { pageOfStory } from '../data/address.ts';
import { useStories } from '../data/desk-queries.ts';
import { PageHead } from '../frame/page-head.tsx';
import { useShortcuts } from '../keys/shortcuts.ts';
import { go, useParameter } from '../route/place.ts';
import { useSortParameter } from '../table/sort-parameter.ts';
import { VirtualTable } from '../table/virtual-table.tsx';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { storyColumns } from './story-columns.tsx';
import { Tactics } from './tactics.tsx';

const keyOf = ({ id }: StoryJson) => id;
const byLast = { id: 'last', isDescending: true } as const;

function mentions({ title, users, hosts, rules, tactics }: StoryJson, text: string): boolean {
  const all = [title, ...users, ...rules, ...tactics, ...hosts.map(({ name }) => name)].join(' ');
  return all.toLowerCase().includes(text.trim().toLowerCase());
}

/** Alerts that belong together. */
export default function StoriesPage() {
  const list = useStories();
  const [text, setText] = useParameter('text');
  const [size, setSize] = useParameter('of');
  const [sort, setSort] = useSortParameter(byLast);
  const all = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const least = size === 'one' ? 1 : 2;
  const found = useMemo(
    () => all.filter((story) => story.alerts >= least && mentions(story, text)),
    [all, least, text],
  );
  useShortcuts('Stories', [
    { keys: '/', words: 'Search stories', act: () => document.getElementById('story-search')?.focus() },
  ]);
  return (
    <div className="fill">
      <PageHead title="Stories">
        <fieldset className="tabs">
          <legend className="hidden-text">Of how many alerts</legend>
          <button type="button" aria-pressed={least === 2} onClick={() => setSize('')}>
            Several alerts
          </button>
          <button type="button" aria-pressed={least === 1} onClick={() => setSize('one')}>
            All
          </button>
        </fieldset>
        <label className="search">
          <span className="hidden-text">Search stories</span>
          <input
            type="search"
            id="story-search"
            value={text}
            placeholder="Title, host, user, tactic"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </PageHead>
      <div className="split panel">
        <div className="split-list">
          {list.error !== null && <Failure error={list.error} retry={() => void list.refetch()} />}
          {list.isPending ? (
            <div className="page-loading" role="status" aria-label="Loading" />
          ) : (
            <VirtualTable
              label="Stories"
              name="stories"
              columns={storyColumns}
              rows={found}
              rowKey={keyOf}
              rowHeight={50}
              sort={sort}
              onSort={setSort}
              onOpen={({ id }) => go(pageOfStory(id))}
              onEnd={
                list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined
              }
              card={(story) => <StoryCard story={story} />}
              empty={
                list.error === null && (
                  <Empty title={text === '' ? 'No stories' : 'No story fits'}>
                    Alerts whose processes, files, addresses or users are the same become one.
                  </Empty>
                )
              }
            />
          )}
        </div>
      </div>
    </div>
  );
}

function StoryCard({ story }: { story: StoryJson }) {
  return (
    <div className="alert-card">
      <span className="alert-card-head">
        <LevelBadge level={story.level} />
        <span>{figure(story.alerts)} alerts</span>
        <span className="muted">
          <Ago at={story.lastEventAt} />
        </span>
      </span>
      <strong>
        <Visible text={story.title} />
      </strong>
      <Tactics tactics={story.tactics} />
      <span className="muted">
        <Visible text={story.hosts.map(({ name }) => name).join(', ')} />
      </span>
    </div>
  );
}
