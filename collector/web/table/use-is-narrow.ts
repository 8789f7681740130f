import { type RefObject, useLayoutEffect, useState } from 'react';

/** Whether an element is narrower than so many pixels. */
export function useIsNarrow(element: RefObject<HTMLElement | null>, widthPx: number): boolean {
  const [isNarrow, setNarrow] = useState(() => innerWidth < widthPx);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const resize = new ResizeObserver(() => setNarrow(box.clientWidth < widthPx));
    resize.observe(box);
    return () => resize.disconnect();
  }, [element, widthPx]);
  return isNarrow;
}
