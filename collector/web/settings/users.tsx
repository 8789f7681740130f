import { useState } from 'react';
import type { UserJson } from '../../api/json/user.ts';
import type { Role } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { useCaller } from '../session/caller.ts';
import { Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { Confirm } from './confirm.tsx';
import { LinkDialog, type SignInLink } from './link-dialog.tsx';
import { NewUser } from './new-user.tsx';
import { Refusal } from './refusal.tsx';
import { useChange, useResource } from './resource.ts';
import { RoleChoice } from './role-choice.tsx';
import { Section } from './section.tsx';

const pathOf = (id: string) => `/users/${encodeURIComponent(id)}`;

/** Who may sign in, and as what. */
export function Users() {
  const users = useResource<{ items: readonly UserJson[] }>('/users');
  const [isAdding, setAdding] = useState(false);
  const [changed, setChanged] = useState<UserJson | null>(null);
  const [link, setLink] = useState<SignInLink | null>(null);
  return (
    <Section
      title="Users"
      query={users}
      actions={
        <button type="button" className="button primary" onClick={() => setAdding(true)}>
          Add user
        </button>
      }
    >
      <ul className="rows">
        {users.data?.items.map((user) => (
          <li key={user.id}>
            <div className="row-main">
              <strong>
                <Visible text={user.displayName || user.name} />
                {user.displayName !== '' && <span className="muted"> {user.name}</span>}
                <span className="tag">{user.role}</span>
                {user.disabled && <span className="tag bad">disabled</span>}
              </strong>
              <span className="muted">
                {waysOf(user)};{' '}
                {user.lastSignInAt === null ? (
                  'never signed in'
                ) : (
                  <>
                    signed in <Ago at={user.lastSignInAt} />
                  </>
                )}
              </span>
            </div>
            <UserActions user={user} change={() => setChanged(user)} showLink={setLink} />
          </li>
        ))}
      </ul>
      {isAdding && <NewUser close={() => setAdding(false)} />}
      {changed !== null && <ChangeUser user={changed} close={() => setChanged(null)} />}
      {link !== null && <LinkDialog link={link} close={() => setLink(null)} />}
    </Section>
  );
}

function waysOf({ hasPassword, hasSecondFactor, oidcSubject }: UserJson): string {
  const ways = [
    hasPassword && 'password',
    hasSecondFactor && 'second factor',
    oidcSubject !== null && 'provider of identities',
  ].filter((way) => way !== false);
  return ways.length === 0 ? 'comes in by links only' : ways.join(' and ');
}

interface UserActionsProps {
  readonly user: UserJson;
  readonly change: () => void;
  readonly showLink: (link: SignInLink) => void;
}

function UserActions({ user, change, showLink }: UserActionsProps) {
  const isOwn = useCaller().user?.id === user.id;
  const link = useChange(() => request<SignInLink>('POST', `${pathOf(user.id)}/sign-in-link`));
  const disable = useChange((disabled: boolean) => request('PATCH', pathOf(user.id), { disabled }));
  const reset = useChange(() => request<void>('DELETE', `${pathOf(user.id)}/second-factor`));
  const remove = useChange(() => request<void>('DELETE', pathOf(user.id)));
  const error = link.error ?? disable.error;
  return (
    <div className="row-actions">
      <button type="button" className="button quiet" onClick={change}>
        Change
      </button>
      {!user.disabled && (
        <button
          type="button"
          className="button quiet"
          onClick={() => link.mutate(undefined, { onSuccess: showLink })}
        >
          Sign-in link
        </button>
      )}
      {user.hasSecondFactor && (
        <Confirm words="Reset second factor" act={() => reset.mutateAsync()}>
          <Visible text={user.name} /> signs in with the password alone until a new one is set up. Be sure
          that it is they who ask.
        </Confirm>
      )}
      {!isOwn && user.disabled && (
        <button type="button" className="button quiet" onClick={() => disable.mutate(false)}>
          Enable
        </button>
      )}
      {!isOwn && !user.disabled && (
        <Confirm words="Disable" act={() => disable.mutateAsync(true)}>
          All sessions and tokens of <Visible text={user.name} /> end, and they can not sign in.
        </Confirm>
      )}
      {!isOwn && (
        <Confirm words="Remove" act={() => remove.mutateAsync()}>
          <Visible text={user.name} /> is removed with their sessions and tokens. What they did stays in the
          audit log.
        </Confirm>
      )}
      <Refusal error={error} />
    </div>
  );
}

function ChangeUser({ user, close }: { user: UserJson; close: () => void }) {
  const [role, setRole] = useState<Role>(user.role);
  const [displayName, setDisplayName] = useState(user.displayName);
  const change = useChange(() => request('PATCH', pathOf(user.id), { role, displayName }));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    change.mutate(undefined, { onSuccess: close });
  };
  return (
    <Dialog title={`Change ${user.name}`} onClose={close}>
      <form className="form" onSubmit={submit}>
        <label>
          Shown as
          <input
            data-first-focus
            maxLength={100}
            value={displayName}
            onChange={(event) => setDisplayName(event.target.value)}
          />
        </label>
        <RoleChoice role={role} change={setRole} />
        {role !== user.role && <p className="muted">Another role ends their sessions.</p>}
        <Refusal error={change.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={change.isPending}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
