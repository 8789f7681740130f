import { useId, useMemo, useRef, useState } from 'react';
import { completionsAt } from '#shared/filter/complete.ts';
import { maxFilterLength } from '#shared/filter/parse.ts';
import type { FilterProblem } from '#shared/filter/problem.ts';
import { Visible } from '../text/visible.tsx';

interface FilterBoxProps {
  readonly text: string;
  readonly change: (text: string) => void;
  readonly problem: FilterProblem | undefined;
}

/** The search box: a filter with completion of names, and where it goes wrong. */
export function FilterBox({ text, change, problem }: FilterBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const { from, items } = useMemo(
    () => (caret === null ? { from: 0, items: [] } : completionsAt(text, caret)),
    [text, caret],
  );
  const isOpen = items.length > 0;
  const current = Math.min(chosen, items.length - 1);
  const take = (index: number) => {
    const item = items[index];
    if (item === undefined || caret === null) return;
    const end = from + item.text.length;
    change(text.slice(0, from) + item.text + text.slice(caret));
    setCaret(item.text.endsWith(':') ? end : null);
    setChosen(0);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(end, end);
    });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!isOpen) return;
    if (move !== undefined) setChosen((current + move + items.length) % items.length);
    else if (event.key === 'Enter' || event.key === 'Tab') take(current);
    else if (event.key === 'Escape') {
      setCaret(null);
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };
  return (
    <div className="filter">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Filter events"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen ? `${id}-${current}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        value={text}
        maxLength={maxFilterLength}
        spellCheck={false}
        autoComplete="off"
        placeholder="Filter, e.g. process.name:curl and not user.name:root"
        onChange={(event) => {
          change(event.target.value);
          setCaret(event.target.selectionStart);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setCaret(null)}
      />
      {isOpen && (
        <div id={`${id}-list`} className="completions" role="listbox" aria-label="Fields">
          {items.map((item, i) => (
            // The input keeps the focus: pressing here must not take it.
            <div
              key={item.text}
              id={`${id}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === current}
              onMouseDown={(event) => {
                event.preventDefault();
                take(i);
              }}
            >
              <code>{item.text}</code> <span className="muted">{item.doc}</span>
            </div>
          ))}
        </div>
      )}
      {problem !== undefined && (
        <p id={`${id}-problem`} className="filter-problem" role="status">
          <Where text={text} problem={problem} />
          <Visible text={problem.message} />
          {problem.suggestions.length > 0 && <> Did you mean {problem.suggestions.join(' or ')}?</>}
        </p>
      )}
    </div>
  );
}

const contextLength = 24;

/** The part of the filter that is wrong, marked. */
function Where({ text, problem }: { text: string; problem: FilterProblem }) {
  const from = problem.column - 1;
  const to = Math.min(from + problem.length, from + contextLength);
  return (
    <code className="filter-where">
      <Visible text={text.slice(Math.max(0, from - contextLength), from)} />
      <mark>
        <Visible text={text.slice(from, to) || ' '} />
      </mark>
      <span className="hidden-text">, column {problem.column}: </span>
    </code>
  );
}
