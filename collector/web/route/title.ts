import { useEffect } from 'react';
import { visibleText } from '../text/control-characters.ts';

/** Names the window after what the page shows; text of hosts is made visible. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = `${visibleText(title)} · Vedette`;
  }, [title]);
}
