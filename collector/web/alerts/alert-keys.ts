import { useEffect, useRef } from 'react';

export interface AlertKeys {
  readonly next: () => void;
  readonly previous: () => void;
  readonly open: () => void;
  readonly acknowledge: () => void;
  readonly close: () => void;
  readonly leave: () => void;
}

/** Keys belong to the page unless somebody types, or a modifier makes them the browser's. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

/** j and k move, Enter opens, a acknowledges, c closes, Escape leaves the detail. */
export function useAlertKeys(keys: AlertKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') return latest.current.leave();
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const act = {
        j: latest.current.next,
        k: latest.current.previous,
        a: latest.current.acknowledge,
        c: latest.current.close,
        // A button that has the focus takes Enter itself.
        Enter: event.target === document.body ? latest.current.open : undefined,
      }[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
