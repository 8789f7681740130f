import { useQueryClient } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { useHosts } from '../data/queries.ts';
import { go } from '../route/place.ts';
import { Visible } from '../text/visible.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { useNavigation } from './navigation.tsx';
import { type Target, targetsFor } from './palette-targets.ts';

/** Goes to a page, host or alert by a few letters of its name (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/). */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const entries = useNavigation();
  const hosts = useHosts().data?.items;
  const queries = useQueryClient();
  const targets = useMemo(
    () => targetsFor(text, entries, hosts ?? [], queries),
    [text, entries, hosts, queries],
  );
  const current = Math.min(chosen, targets.length - 1);
  const follow = (target: Target | undefined) => {
    if (target === undefined) return;
    onClose();
    go(target.address);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined && targets.length > 0)
      setChosen((current + move + targets.length) % targets.length);
    else if (event.key === 'Enter') follow(targets[current]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose} className="palette">
      <input
        data-first-focus
        type="text"
        role="combobox"
        aria-label="Page, host or alert"
        aria-expanded={targets.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={targets.length > 0 ? `${id}-${current}` : undefined}
        placeholder="Page, host, alert or its id"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} role="listbox" aria-label="Where to go" className="palette-list">
        {targets.map((target, i) => (
          // The input keeps the focus and the keys.
          <div
            key={target.address}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === current}
            onMouseDown={(event) => {
              event.preventDefault();
              follow(target);
            }}
          >
            <Icon name={target.icon} />
            <Visible text={target.title} />
            <span className="muted">
              <Visible text={target.note} />
            </span>
          </div>
        ))}
      </div>
      {targets.length === 0 && <p className="empty">Nothing has that name.</p>}
    </Dialog>
  );
}
