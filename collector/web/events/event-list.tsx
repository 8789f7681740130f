import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { EventJson } from '../../api/json/event.ts';
import { EventLine } from './event-line.tsx';

const rowPx = 31;
const overscan = 10;
/** The next page is asked for when fewer than these are left below. */
const aheadRows = 60;

interface EventListProps {
  readonly items: readonly EventJson[];
  readonly openId: string | null;
  readonly open: (event: EventJson) => void;
  /** Asks for what is older; absent where nothing is. */
  readonly more: (() => void) | undefined;
}

/** Events, newest first. Only those in view are in the document; older ones are fetched as they come near. */
export function EventList({ items, openId, open, more }: EventListProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan,
    getItemKey: (index) => items[index]?.['event.id'] ?? index,
  });
  const rows = virtual.getVirtualItems();
  const lastSeen = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastSeen > items.length - aheadRows) more?.();
  }, [lastSeen, items.length, more]);
  const before = rows[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (rows.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section className="event-scroll" ref={scroll} tabIndex={0} aria-label="Events found">
      <table className="events" aria-rowcount={items.length + 1}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Type</th>
            <th scope="col">Host</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr className="spacer" style={{ height: before }} />}
          {rows.map(({ index, key }) => {
            const event = items[index] as EventJson;
            return (
              <EventLine
                key={key}
                event={event}
                index={index}
                isOpen={event['event.id'] === openId}
                open={open}
                measure={virtual.measureElement}
              />
            );
          })}
          {after > 0 && <tr className="spacer" style={{ height: after }} />}
        </tbody>
      </table>
    </section>
  );
}
