import { pages } from '../pages.ts';
import { navigationGroups, type PageEntry } from '../route/page-entry.ts';
import { usePath } from '../route/place.ts';
import { useCaller } from '../session/caller.ts';
import { Badge } from './badge.tsx';
import { Icon } from './icon.tsx';

const groupWords: Readonly<Record<(typeof navigationGroups)[number], string>> = {
  watch: 'Watch',
  investigate: 'Investigate',
  detect: 'Detect',
  manage: 'Manage',
};

export type NavigationEntry = PageEntry & Required<Pick<PageEntry, 'navigation'>>;

/** Pages that are offered to whoever is signed in. */
export function useNavigation(): readonly NavigationEntry[] {
  const { permissions } = useCaller();
  return pages.filter(
    (page): page is NavigationEntry =>
      page.navigation !== undefined &&
      (page.permission === undefined || permissions.includes(page.permission)),
  );
}

/** The entry whose page, or a page below it, is shown: the one with the longest path. */
export function useShownEntry(entries: readonly NavigationEntry[]): NavigationEntry | undefined {
  const path = usePath();
  return entries
    .filter((entry) => entry.path === path || (entry.path !== '/' && path.startsWith(`${entry.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

interface LinkProps {
  readonly entry: NavigationEntry;
  readonly isShown: boolean;
  readonly onFollow?: () => void;
}

export function NavigationLink({ entry, isShown, onFollow }: LinkProps) {
  return (
    <a href={entry.path} aria-current={isShown ? 'page' : undefined} onClick={onFollow} title={entry.title}>
      <Icon name={entry.navigation.icon} />
      <span className="navigation-title">{entry.title}</span>
      <Badge path={entry.path} />
    </a>
  );
}

/** All pages under their groups. */
export function Navigation({ onFollow }: { onFollow?: () => void }) {
  const entries = useNavigation();
  const shown = useShownEntry(entries);
  return (
    <nav className="navigation" aria-label="Pages">
      {navigationGroups.map((group) => {
        const own = entries.filter((entry) => entry.navigation.group === group);
        return (
          own.length > 0 && (
            <section key={group} aria-label={groupWords[group]}>
              <p className="navigation-group" aria-hidden="true">
                {groupWords[group]}
              </p>
              <ul>
                {own.map((entry) => (
                  <li key={entry.path}>
                    <NavigationLink
                      entry={entry}
                      isShown={entry === shown}
                      {...(onFollow !== undefined && { onFollow })}
                    />
                  </li>
                ))}
              </ul>
            </section>
          )
        );
      })}
    </nav>
  );
}
