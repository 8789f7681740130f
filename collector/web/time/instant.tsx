import { ago, useClock } from './clock.ts';
import { clockTime, exactTime, timeZone } from './zone.ts';

/** How long ago, with the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const zone = timeZone.use();
  const thenMs = Date.parse(at);
  const words = useClock((nowMs) => ago(thenMs, nowMs));
  return (
    <time dateTime={at} title={exactTime(at, zone)}>
      {words}
    </time>
  );
}

/** Date and time to the millisecond. */
export function Exact({ at }: { at: string }) {
  return <time dateTime={at}>{exactTime(at, timeZone.use())}</time>;
}

/** Time of day, with the exact time on hover. */
export function Clock({ at }: { at: string }) {
  const zone = timeZone.use();
  return (
    <time dateTime={at} title={exactTime(at, zone)}>
      {clockTime(new Date(at), zone)}
    </time>
  );
}
