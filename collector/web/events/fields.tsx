import type { EventJson } from '../../api/json/event.ts';
import { useEventTypes } from '../data/queries.ts';
import { Code } from '../text/visible.tsx';

function words(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** Every field of an event, with what it means on hover. */
export function Fields({ event }: { event: EventJson }) {
  const { data } = useEventTypes();
  const declared = data?.items.find(({ name }) => name === event['event.dataset'])?.fields;
  return (
    <dl className="fields">
      {Object.entries(event).map(([name, value]) => (
        <div key={name}>
          <dt title={declared?.find((field) => field.name === name)?.doc}>{name}</dt>
          <dd>
            <Code text={words(value)} wrap />
          </dd>
        </div>
      ))}
    </dl>
  );
}
