import { useState } from 'react';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { Navigation, NavigationLink, useNavigation, useShownEntry } from './navigation.tsx';

/** The navigation of a narrow screen: what is used most within the reach of a thumb, the rest behind it. */
export function BottomBar() {
  const entries = useNavigation();
  const shown = useShownEntry(entries);
  const [isOpen, setOpen] = useState(false);
  const primary = entries.filter(({ navigation }) => navigation.isPrimary);
  return (
    <>
      <nav className="bottom-bar" aria-label="Main pages">
        {primary.map((entry) => (
          <NavigationLink key={entry.path} entry={entry} isShown={entry === shown} />
        ))}
        <button type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          <Icon name="menu" />
          <span className="navigation-title">More</span>
        </button>
      </nav>
      {isOpen && (
        <Dialog title="All pages" className="drawer" onClose={() => setOpen(false)}>
          <Navigation onFollow={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}
