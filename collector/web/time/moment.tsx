import { clockTime, dayOf, exactTime, timeZone } from './zone.ts';

/** Time of day, before it the day where that is not today; the exact time on hover. */
export function Moment({ at }: { at: string }) {
  const zone = timeZone.use();
  const then = new Date(at);
  const day = dayOf(then, zone);
  return (
    <time dateTime={at} title={exactTime(at, zone)} className="moment">
      {day !== dayOf(new Date(), zone) && <span className="muted">{day.replace(/^\w+,? /, '')} </span>}
      {clockTime(then, zone)}
    </time>
  );
}
