import { useEffect, useRef, useState } from 'react';
import { ApiProblem, explain, request } from '../data/request.ts';
import type { Caller } from './use-session.ts';

/** What to say of a refusal: never which of name, password and code was wrong. */
function wordsOf(error: unknown, withCode: boolean): string {
  if (!(error instanceof ApiProblem)) return explain(error).what;
  const { code, detail } = error.problem;
  if (code === 'api.sign_in_refused')
    return withCode
      ? 'Name, password or code is not right. A code of the app holds for half a minute, and once.'
      : 'Name or password is not right.';
  if (code === 'api.too_many_requests') return 'Too many tries. Wait a minute, then try again.';
  return detail;
}

/** Name and password, then the code of the second factor where one is set. */
export function PasswordForm({ entered }: { entered: (caller: Caller) => void }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState('');
  const codeInput = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (needsCode) codeInput.current?.focus();
  }, [needsCode]);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal('');
    try {
      const given = needsCode ? { code: code.replaceAll(/\s/g, '') } : {};
      entered(await request<Caller>('POST', '/session', { user: user.trim(), password, ...given }));
    } catch (error) {
      if (error instanceof ApiProblem && error.problem.code === 'api.second_factor_needed')
        setNeedsCode(true);
      else setRefusal(wordsOf(error, needsCode));
      setCode('');
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <label>
        Name
        <input
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={64}
          value={user}
          onChange={(event) => setUser(event.target.value)}
        />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={1024}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      {needsCode && (
        <label>
          Code
          <input
            ref={codeInput}
            name="one-time-code"
            autoComplete="one-time-code"
            inputMode="text"
            required
            minLength={6}
            maxLength={32}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <span className="muted">Six digits of your authenticator app, or a recovery code.</span>
        </label>
      )}
      {refusal !== '' && (
        <p className="check-bad" role="alert">
          {refusal}
        </p>
      )}
      <button type="submit" className="button primary wide" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
