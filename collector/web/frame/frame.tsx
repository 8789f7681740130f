import { useState } from 'react';
import { useAnnouncement } from '../alerts/announcer.ts';
import { useLiveData } from '../data/live-data.ts';
import { Mark } from '../header/mark.tsx';
import { KeyHelp } from '../keys/key-help.tsx';
import { useShortcuts } from '../keys/shortcuts.ts';
import { go } from '../route/place.ts';
import { AccountMenu } from './account-menu.tsx';
import { BottomBar } from './bottom-bar.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ConnectionState } from './connection-state.tsx';
import { Icon } from './icon.tsx';
import { Navigation, useNavigation } from './navigation.tsx';
import { ShownPage } from './shown-page.tsx';

/** What stands around every page: navigation, connection, account, palette and help. */
export function Frame() {
  const connection = useLiveData();
  const [over, setOver] = useState<'palette' | 'help' | null>(null);
  const entries = useNavigation();
  useShortcuts('Everywhere', [
    {
      keys: 'ctrl+k',
      words: 'Go to a page, host or alert',
      act: () => setOver('palette'),
      whileTyping: true,
    },
    { keys: '?', words: 'This help', act: () => setOver('help') },
    ...entries.map(({ path, title, navigation }) => ({
      keys: `g ${navigation.key}`,
      words: `Go to ${title.toLowerCase()}`,
      act: () => go(path),
    })),
  ]);
  return (
    <div className="frame">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="side">
        <a className="brand" href="/">
          <Mark />
          <span className="brand-name">Vedette</span>
        </a>
        <button type="button" className="jump" onClick={() => setOver('palette')}>
          <Icon name="hunts" />
          <span>Go to…</span>
          <kbd>ctrl k</kbd>
        </button>
        <Navigation />
        <div className="side-foot">
          <ConnectionState connection={connection} />
          <AccountMenu onHelp={() => setOver('help')} />
        </div>
      </header>
      {connection === 'lost' && (
        <p className="stale" role="status">
          The collector cannot be heard. What is shown may be old; it comes back by itself.
        </p>
      )}
      <ShownPage />
      <BottomBar />
      <p className="hidden-text" aria-live="polite">
        {useAnnouncement()}
      </p>
      {over === 'palette' && <CommandPalette onClose={() => setOver(null)} />}
      {over === 'help' && <KeyHelp onClose={() => setOver(null)} />}
    </div>
  );
}
