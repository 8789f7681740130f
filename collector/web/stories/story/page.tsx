import { useEffect } from 'react';
import type { StoryJson } from '../../../api/json/story.ts';
import { LevelBadge } from '../../alerts/level-badge.tsx';
import { alertsWith, pageOfHost, pageOfStory } from '../../data/address.ts';
import { useStory } from '../../data/desk-queries.ts';
import { PageHead } from '../../frame/page-head.tsx';
import type { PageProps } from '../../route/page-entry.ts';
import { go } from '../../route/place.ts';
import { useTitle } from '../../route/title.ts';
import { Failure } from '../../text/failure.tsx';
import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import { durationWords } from '../../time/duration.ts';
import { Exact } from '../../time/instant.tsx';
import { Tactics } from '../tactics.tsx';
import { StoryTimeline } from './story-timeline.tsx';
import { StoryTree } from './story-tree.tsx';

/** Alerts that belong together, told from the first to the last. */
export default function StoryPage({ params: { id = '' } }: PageProps) {
  const { data, error, refetch } = useStory(id);
  useTitle(data?.story.title);
  const present = data?.story.id;
  useEffect(() => {
    // Stories that turn out to be one become one; their old ids lead to it.
    if (present !== undefined && present !== id) go(pageOfStory(present), 'replace');
  }, [present, id]);
  if (error !== null && data === undefined)
    return (
      <section className="panel" aria-label="Story">
        <Failure error={error} retry={() => void refetch()} />
      </section>
    );
  if (data === undefined) return <div className="page-loading" role="status" aria-label="Loading" />;
  const { story, alerts, tree } = data;
  return (
    <>
      <PageHead
        title={<Visible text={story.title} />}
        actions={
          <a className="button" href={alertsWith({ story: story.id, status: 'all' })}>
            Its alerts in the queue
          </a>
        }
      >
        <LevelBadge level={story.level} />
      </PageHead>
      <Figures story={story} />
      <section className="panel" aria-labelledby="story-timeline">
        <div className="panel-head">
          <h2 id="story-timeline">Timeline</h2>
          {story.beyond > 0 && (
            <span className="muted">{figure(story.beyond)} more alerts belong to it and are not shown</span>
          )}
        </div>
        <StoryTimeline alerts={alerts} />
      </section>
      <section className="panel" aria-labelledby="story-tree">
        <div className="panel-head">
          <h2 id="story-tree">Processes</h2>
          <span className="muted">as they were when the alerts were raised</span>
        </div>
        <StoryTree tree={tree} alerts={alerts} />
      </section>
    </>
  );
}

function Figures({ story }: { story: StoryJson }) {
  const spanMs = Date.parse(story.lastEventAt) - Date.parse(story.firstEventAt);
  return (
    <section className="panel story-head" aria-label="In short">
      <Tactics tactics={story.tactics} />
      <dl className="facts">
        <dt>Hosts</dt>
        <dd className="inline-list">
          {story.hosts.map(({ id, name }) => (
            <a key={id} href={pageOfHost(id)}>
              <Visible text={name} />
            </a>
          ))}
        </dd>
        <dt>Users</dt>
        <dd className="inline-list">
          {story.users.length === 0 && <span className="muted">none is named</span>}
          {story.users.map((user) => (
            <a key={user} href={alertsWith({ user, status: 'all' })}>
              <Visible text={user} />
            </a>
          ))}
        </dd>
        <dt>Time</dt>
        <dd>
          <Exact at={story.firstEventAt} /> to <Exact at={story.lastEventAt} />, {durationWords(spanMs)}
        </dd>
        <dt>Alerts</dt>
        <dd>
          {figure(story.alerts)} of {figure(story.events)} events, {figure(story.open)} not closed
        </dd>
        <dt>Confidence</dt>
        <dd>{story.confidence} % that any of its rules is right</dd>
      </dl>
    </section>
  );
}
