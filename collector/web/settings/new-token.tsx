import { useState } from 'react';
import type { TokenJson } from '../../api/resources/tokens.ts';
import { type Permission, permissionsOf } from '../../auth/permissions.ts';
import type { Role } from '../../store/contract.ts';
import { request } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { useCaller } from '../session/caller.ts';
import { Copyable } from './copyable.tsx';
import { LifeChoice } from './life-choice.tsx';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';
import { RoleChoice } from './role-choice.tsx';

const lives = [
  [30, '30 days'],
  [90, '90 days'],
  [365, 'a year'],
  [0, 'no end'],
] as const;
const dayMs = 86_400_000;

interface Made {
  readonly token: TokenJson;
  readonly secret: string;
}

/** Asks what a token is for, and shows its secret this once. */
export function NewToken({ isService, close }: { isService: boolean; close: () => void }) {
  const { permissions: own } = useCaller();
  const [name, setName] = useState('');
  const [days, setDays] = useState<number>(90);
  const [role, setRole] = useState<Role>('viewer');
  const [left, setLeft] = useState<ReadonlySet<Permission>>(new Set());
  const may = isService ? permissionsOf(role) : own;
  const scopes = may.filter((one) => !left.has(one));
  const make = useChange(() =>
    request<Made>('POST', '/tokens', {
      name,
      ...(scopes.length < may.length && { scopes }),
      ...(days > 0 && { expiresAt: new Date(Date.now() + days * dayMs).toISOString() }),
      ...(isService && { service: { role } }),
    }),
  );
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const toggle = (scope: Permission) => {
    const next = new Set(left);
    if (!next.delete(scope)) next.add(scope);
    setLeft(next);
  };
  if (make.data !== undefined)
    return (
      <Dialog title={`Token ${make.data.token.name}`} onClose={close}>
        <p>Copy it now: it is not shown again.</p>
        <Copyable text={make.data.secret} label="Secret of the token" />
        <p className="muted">
          In scripts it goes into the header <code>Authorization: Bearer …</code>.
        </p>
      </Dialog>
    );
  return (
    <Dialog title={isService ? 'New service token' : 'New token'} onClose={close}>
      <form className="form" onSubmit={submit}>
        <label>
          What it is for
          <input
            data-first-focus
            required
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {isService && <RoleChoice role={role} change={setRole} />}
        <LifeChoice lives={lives} life={days} change={setDays} />
        <fieldset className="checks-field">
          <legend>What it may do</legend>
          {may.map((scope) => (
            <label key={scope}>
              <input type="checkbox" checked={!left.has(scope)} onChange={() => toggle(scope)} /> {scope}
            </label>
          ))}
        </fieldset>
        <Refusal error={make.error} />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={make.isPending || scopes.length === 0}>
            Make token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
