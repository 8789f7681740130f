import { useEffect, useState } from 'react';

/** How long nothing must be typed. */
const settleMs = 300;

/** The value once it has stayed the same for a moment, so that not every letter is a request. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
