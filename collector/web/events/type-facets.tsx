import type { EventCountsJson } from '../../api/resources/event-counts.ts';
import { colourOf } from '../overview/palette.ts';
import { shortFigure } from '../text/figures.ts';
import { typeTotals } from './stacked-bars.ts';

interface TypeFacetsProps {
  readonly counts: EventCountsJson;
  /** Empty: all. */
  readonly chosen: string;
  readonly choose: (type: string) => void;
}

/** The types that are among what was found, with how many; one of them, or all, are shown. */
export function TypeFacets({ counts, chosen, choose }: TypeFacetsProps) {
  const totals = typeTotals(counts);
  if (totals.length === 0 && chosen === '') return null;
  const shown =
    totals.some(([type]) => type === chosen) || chosen === '' ? totals : [...totals, [chosen, 0] as const];
  return (
    <fieldset className="facets" aria-label="Event types">
      {shown.map(([type, events]) => (
        <button
          key={type}
          type="button"
          className="facet"
          aria-pressed={type === chosen}
          onClick={() => choose(type === chosen ? '' : type)}
        >
          <svg width="9" height="9" aria-hidden="true">
            <rect width="9" height="9" rx="2" fill={colourOf(type)} />
          </svg>
          {type} <span className="muted">{shortFigure(events)}</span>
        </button>
      ))}
    </fieldset>
  );
}
