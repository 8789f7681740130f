import { useState } from 'react';
import { request } from '../data/request.ts';
import { useCaller } from '../session/caller.ts';
import { callerChanged } from '../session/use-session.ts';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';

/** Sets the own password. Where there is one it is asked for, unless a sign-in link was used a moment ago. */
export function PasswordChange() {
  const { user } = useCaller();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const change = useChange(() =>
    request<void>('PUT', '/account/password', { next, ...(current !== '' && { current }) }),
  );
  const differs = again !== '' && again !== next;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (again !== next) return;
    change.mutate(undefined, {
      onSuccess() {
        setCurrent('');
        setNext('');
        setAgain('');
        callerChanged.dispatchEvent(new Event('changed'));
      },
    });
  };
  const field = (label: string, autoComplete: string, value: string, set: (text: string) => void) => (
    <label>
      {label}
      <input
        type="password"
        autoComplete={autoComplete}
        maxLength={1024}
        required={autoComplete === 'new-password'}
        value={value}
        onChange={(event) => set(event.target.value)}
      />
    </label>
  );
  return (
    <form className="form narrow" onSubmit={submit}>
      <input type="text" name="username" autoComplete="username" value={user?.name ?? ''} readOnly hidden />
      {user?.hasPassword === true && field('Present password', 'current-password', current, setCurrent)}
      {field('New password', 'new-password', next, setNext)}
      {field('New password again', 'new-password', again, setAgain)}
      {differs && <p className="check-bad">The two are not the same.</p>}
      <Refusal error={change.error} />
      {change.isSuccess && (
        <p className="check-good" role="status">
          The password is set. All your other sessions have ended.
        </p>
      )}
      <div>
        <button type="submit" className="button primary" disabled={change.isPending || differs}>
          {user?.hasPassword === true ? 'Change password' : 'Set password'}
        </button>
      </div>
    </form>
  );
}
