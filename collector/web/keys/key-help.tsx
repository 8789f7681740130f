import { Dialog } from '../frame/dialog.tsx';
import { useShortcutGroups } from './shortcuts.ts';

const names: Readonly<Record<string, string>> = {
  Enter: '↵',
  Escape: 'esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  ' ': 'space',
};

/** `ctrl+k` as the keys somebody presses. */
export function Keys({ keys }: { keys: string }) {
  const parts = keys === ' ' ? [' '] : keys.split(/[ +]/);
  return (
    <span className="key-combination">
      {parts.map((part) => (
        <kbd key={part}>{names[part] ?? part}</kbd>
      ))}
    </span>
  );
}

/** What the keyboard does on the page that is shown. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const groups = useShortcutGroups().filter(({ shortcuts }) => shortcuts.length > 0);
  return (
    <Dialog title="Keyboard" onClose={onClose} className="key-help">
      <div className="key-groups">
        {groups.toReversed().map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(({ keys, words }) => (
                <div key={keys}>
                  <dt>{words}</dt>
                  <dd>
                    <Keys keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
