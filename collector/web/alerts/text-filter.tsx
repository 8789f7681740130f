import { useEffect, useState } from 'react';
import { useSettled } from '../data/settled.ts';

interface TextFilterProps {
  readonly text: string;
  readonly change: (text: string) => void;
}

/** Text in any part of an alert; asked for once the typing pauses. */
export function TextFilter({ text, change }: TextFilterProps) {
  const [typed, setTyped] = useState(text);
  const settled = useSettled(typed);
  // The address may change by itself: back, a link, a chip.
  useEffect(() => setTyped(text), [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed is told.
  useEffect(() => {
    if (settled === typed && settled !== text) change(settled.trim());
  }, [settled]);
  return (
    <label className="search">
      <span className="hidden-text">Search alerts</span>
      <input
        type="search"
        id="alert-search"
        value={typed}
        maxLength={256}
        placeholder="Search alerts"
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
