import { lazy, Suspense, useState } from 'react';
import { request } from '../data/request.ts';
import { useCaller } from '../session/caller.ts';
import { callerChanged } from '../session/use-session.ts';
import { RecoveryCodes } from './recovery-codes.tsx';
import { Refusal } from './refusal.tsx';
import { useChange } from './resource.ts';

const QrCode = lazy(() => import('./qr-code.tsx'));

interface Codes {
  readonly recoveryCodes: readonly string[];
}
interface NewFactor {
  readonly secret: string;
  readonly uri: string;
}

const told = () => callerChanged.dispatchEvent(new Event('changed'));
const withoutSpace = (code: string) => code.replaceAll(/\s/g, '');

/** Sets up, renews or takes off the second factor of whoever is signed in. */
export function SecondFactor() {
  const { user } = useCaller();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const finish = () => {
    setCodes(null);
    told();
  };
  if (codes !== null) return <RecoveryCodes codes={codes} done={finish} />;
  if (user?.hasSecondFactor === true) return <Present show={setCodes} />;
  return <SetUp show={setCodes} />;
}

function SetUp({ show }: { show: (codes: readonly string[]) => void }) {
  const begin = useChange(() => request<NewFactor>('POST', '/account/second-factor'));
  const confirm = useChange((code: string) => request<Codes>('PUT', '/account/second-factor', { code }));
  if (begin.data === undefined)
    return (
      <div className="form">
        <p className="muted">
          A code of an authenticator app is asked for after the password. Who learns the password alone cannot
          sign in.
        </p>
        <Refusal error={begin.error} />
        <div>
          <button
            type="button"
            className="button primary"
            disabled={begin.isPending}
            onClick={() => begin.mutate()}
          >
            Set up
          </button>
        </div>
      </div>
    );
  const { uri, secret } = begin.data;
  return (
    <div className="factor">
      <Suspense fallback={<div className="qr-code" />}>
        <QrCode text={uri} label="QR code for the authenticator app" />
      </Suspense>
      <div className="form">
        <p>Scan this with the app. Or type in the key:</p>
        <code className="factor-key">{secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
        <CodeForm
          words="Confirm"
          isBusy={confirm.isPending}
          error={confirm.error}
          submit={(code) => confirm.mutate(code, { onSuccess: ({ recoveryCodes }) => show(recoveryCodes) })}
        />
      </div>
    </div>
  );
}

function Present({ show }: { show: (codes: readonly string[]) => void }) {
  const [wish, setWish] = useState<'remove' | 'renew' | null>(null);
  const renew = useChange((code: string) => request<Codes>('POST', '/account/recovery-codes', { code }));
  const remove = useChange((code: string) => request<void>('DELETE', '/account/second-factor', { code }));
  if (wish === null)
    return (
      <div className="form">
        <p className="check-good">It is set up.</p>
        <div className="row-actions">
          <button type="button" className="button" onClick={() => setWish('renew')}>
            New recovery codes
          </button>
          <button type="button" className="button" onClick={() => setWish('remove')}>
            Take it off
          </button>
        </div>
      </div>
    );
  const submit = (code: string) =>
    wish === 'renew'
      ? renew.mutate(code, { onSuccess: ({ recoveryCodes }) => show(recoveryCodes) })
      : remove.mutate(code, { onSuccess: told });
  return (
    <CodeForm
      words={wish === 'renew' ? 'Make new codes' : 'Take it off'}
      isBusy={renew.isPending || remove.isPending}
      error={renew.error ?? remove.error}
      submit={submit}
      cancel={() => setWish(null)}
    />
  );
}

interface CodeFormProps {
  readonly words: string;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly submit: (code: string) => void;
  readonly cancel?: () => void;
}

function CodeForm({ words, isBusy, error, submit, cancel }: CodeFormProps) {
  const [code, setCode] = useState('');
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        submit(withoutSpace(code));
      }}
    >
      <label>
        Code of the app
        <input
          name="one-time-code"
          autoComplete="one-time-code"
          required
          minLength={6}
          maxLength={32}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <Refusal error={error} />
      <div className="row-actions">
        <button type="submit" className="button primary" disabled={isBusy}>
          {words}
        </button>
        {cancel !== undefined && (
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}
