import { useId, useRef } from 'react';
import { useCaller } from '../session/caller.ts';
import { signOut } from '../session/use-session.ts';
import { Visible } from '../text/visible.tsx';
import { Icon } from './icon.tsx';
import { Preferences } from './preferences.tsx';

/** Who is signed in, what they set for this browser, and the way out. */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { name, role } = useCaller();
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  return (
    <div className="account">
      <button type="button" className="account-button" popoverTarget={id}>
        <Icon name="person" />
        <span className="hidden-text">Account of </span>
        <span className="account-name">
          <Visible text={name} />
        </span>
        <span className="muted account-role">{role}</span>
      </button>
      <div className="account-menu" popover="auto" id={id} ref={menu}>
        <p>
          <strong>
            <Visible text={name} />
          </strong>{' '}
          <span className="muted">{role}</span>
        </p>
        <Preferences />
        <div className="account-actions">
          <button
            type="button"
            className="button quiet"
            onClick={() => {
              menu.current?.hidePopover();
              onHelp();
            }}
          >
            <Icon name="keyboard" /> Keyboard
          </button>
          <button type="button" className="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </div>
      </div>
    </div>
  );
}
