import type { ComponentType } from 'react';
import type { Permission } from '../../auth/permissions.ts';
import { inView } from '../frame/in-view.ts';
import { PageHead } from '../frame/page-head.tsx';
import type { PageProps } from '../route/page-entry.ts';
import { useCaller } from '../session/caller.ts';
import { Empty } from '../text/failure.tsx';
import { Access } from './access.tsx';
import { Account } from './account.tsx';
import { Audit } from './audit.tsx';
import { Enrolment } from './enrolment.tsx';
import { Groups } from './groups.tsx';
import { SessionList } from './session-list.tsx';
import { Storage } from './storage.tsx';
import { TokenList } from './token-list.tsx';
import { Users } from './users.tsx';

interface SettingsEntry {
  readonly path: string;
  readonly title: string;
  readonly permission?: Permission;
  readonly shown: ComponentType;
}

const entries: readonly SettingsEntry[] = [
  { path: '', title: 'Account', shown: Account },
  { path: 'users', title: 'Users', permission: 'administer', shown: Users },
  { path: 'tokens', title: 'Tokens', permission: 'administer', shown: () => <TokenList all /> },
  { path: 'sessions', title: 'Sessions', permission: 'administer', shown: () => <SessionList all /> },
  { path: 'enrolment', title: 'Enrolment', permission: 'administer', shown: Enrolment },
  { path: 'groups', title: 'Groups', permission: 'administer', shown: Groups },
  { path: 'access', title: 'Access', permission: 'administer', shown: Access },
  { path: 'storage', title: 'Storage', permission: 'read', shown: Storage },
  { path: 'audit', title: 'Audit log', permission: 'administer', shown: Audit },
];

/** Settings, those that the caller may see. */
export default function SettingsPage({ params }: PageProps) {
  const { permissions } = useCaller();
  const path = params['section'] ?? '';
  const entry = entries.find((one) => one.path === path);
  const mayShow = (one: SettingsEntry) =>
    one.permission === undefined || permissions.includes(one.permission);
  return (
    <>
      <PageHead title="Settings" />
      <div className="settings">
        <nav className="settings-nav" aria-label="Settings">
          {entries.filter(mayShow).map((one) => (
            <a
              key={one.path}
              href={one.path === '' ? '/settings' : `/settings/${one.path}`}
              ref={one === entry ? inView : undefined}
              aria-current={one === entry ? 'page' : undefined}
            >
              {one.title}
            </a>
          ))}
        </nav>
        <div className="stack">
          {entry === undefined && <Empty title="There are no such settings" />}
          {entry !== undefined && !mayShow(entry) && (
            <Empty title="Not for your role">This takes the permission to {entry.permission}.</Empty>
          )}
          {entry !== undefined && mayShow(entry) && <entry.shown />}
        </div>
      </div>
    </>
  );
}
