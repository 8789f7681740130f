import { type Presence, presenceWords } from './presence.ts';

/** A dot and a word. */
export function PresenceMark({ presence, withWord = true }: { presence: Presence; withWord?: boolean }) {
  return (
    <span className={`presence ${presence}`}>
      <span className="dot" aria-hidden="true" />
      <span className={withWord ? undefined : 'hidden-text'}>{presenceWords[presence]}</span>
    </span>
  );
}
