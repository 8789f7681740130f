import { useState } from 'react';
import type { UserJson } from '../../api/json/user.ts';
import type { Role } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { LinkDialog, type SignInLink } from './link-dialog.tsx';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';
import { RoleChoice } from './role-choice.tsx';

interface Added {
  readonly user: UserJson;
  readonly signInLink: SignInLink | null;
}

/** Adds a user, who chooses a password when they come in by the link. */
export function NewUser({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [role, setRole] = useState<Role>('analyst');
  const add = useChange(() => request<Added>('POST', '/users', { name, role, displayName }));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: ({ signInLink }) => signInLink === null && close() });
  };
  if (add.data?.signInLink != null) return <LinkDialog link={add.data.signInLink} close={close} />;
  return (
    <Dialog title="Add user" onClose={close}>
      <form className="form" onSubmit={submit}>
        <label>
          Name
          <input
            data-first-focus
            required
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <span className="muted">What they sign in with.</span>
        </label>
        <label>
          Shown as
          <input
            maxLength={100}
            value={displayName}
            onChange={(event) => setDisplayName(event.target.value)}
          />
        </label>
        <RoleChoice role={role} change={setRole} />
        <Refusal error={add.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={add.isPending}>
            Add and make a link
          </button>
        </div>
      </form>
    </Dialog>
  );
}
