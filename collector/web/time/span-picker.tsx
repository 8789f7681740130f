import { useState } from 'react';
import { boundsOf, type Last, lasts, lastWords, type Span } from './span.ts';
import { exactTime, ianaZone, timeZone, type Zone } from './zone.ts';

const own = 'own';

/** How far the clocks of a zone are ahead of UTC at an instant. */
function aheadMs(atMs: number, zone: Zone): number {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: ianaZone(zone),
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  }).format(atMs);
  return Date.parse(`${parts.replace(' ', 'T')}Z`) - Math.floor(atMs / 1000) * 1000;
}

/** As `datetime-local` takes it, in the zone that times are shown in. */
function inputText(iso: string, zone: Zone): string {
  const atMs = Date.parse(iso);
  return new Date(atMs + aheadMs(atMs, zone)).toISOString().slice(0, 19);
}

function instantOf(text: string, zone: Zone): string {
  const asUtcMs = Date.parse(`${text}Z`);
  // Once more, because the offset is that of the instant and not of its wall clock read as UTC.
  const nearMs = asUtcMs - aheadMs(asUtcMs, zone);
  return new Date(asUtcMs - aheadMs(nearMs, zone)).toISOString();
}

interface SpanPickerProps {
  readonly span: Span;
  readonly change: (span: Span) => void;
}

/** Chooses a span of time: one that ends now, or from one instant to another. */
export function SpanPicker({ span, change }: SpanPickerProps) {
  const zone = timeZone.use();
  const isOwn = 'since' in span;
  const choose = (value: string) => {
    if (value !== own) return change({ last: value as Last });
    const { since } = boundsOf(span);
    const until = new Date();
    change({
      since: since ?? new Date(until.getTime() - 86_400_000).toISOString(),
      until: until.toISOString(),
    });
  };
  return (
    <div className="span-picker">
      <label>
        <span className="hidden-text">Time</span>
        <select value={isOwn ? own : span.last} onChange={(event) => choose(event.target.value)}>
          {lasts.map((last) => (
            <option key={last} value={last}>
              {lastWords[last]}
            </option>
          ))}
          <option value={own}>From … to …</option>
        </select>
      </label>
      {isOwn && (
        <OwnSpan key={`${span.since} ${span.until} ${zone}`} span={span} zone={zone} change={change} />
      )}
    </div>
  );
}

interface OwnSpanProps {
  readonly span: { readonly since: string; readonly until: string };
  readonly zone: Zone;
  readonly change: (span: Span) => void;
}

function OwnSpan({ span, zone, change }: OwnSpanProps) {
  const [since, setSince] = useState(inputText(span.since, zone));
  const [until, setUntil] = useState(inputText(span.until, zone));
  const isRight = since !== '' && until !== '' && since <= until;
  const apply = () => {
    if (isRight) change({ since: instantOf(since, zone), until: instantOf(until, zone) });
  };
  const input = (name: string, value: string, set: (text: string) => void) => (
    <label>
      <span className="hidden-text">{name}</span>
      <input
        type="datetime-local"
        step="1"
        value={value}
        title={value === '' ? undefined : exactTime(instantOf(value, zone), zone)}
        aria-invalid={!isRight}
        onChange={(event) => set(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => event.key === 'Enter' && apply()}
      />
    </label>
  );
  return (
    <>
      {input('From', since, setSince)}
      <span aria-hidden="true">–</span>
      {input('To', until, setUntil)}
    </>
  );
}
