import { type ReactNode, useState } from 'react';
import { Dialog } from '../frame/dialog.tsx';
import { Refusal } from './refusal.tsx';

interface ConfirmProps {
  /** Of the button, and of what confirms. */
  readonly words: string;
  /** What will happen. */
  readonly children: ReactNode;
  readonly act: () => Promise<unknown>;
  readonly className?: string;
  readonly disabled?: boolean;
}

/** A button that asks before it acts. */
export function Confirm({
  words,
  children,
  act,
  className = 'button quiet',
  disabled = false,
}: ConfirmProps) {
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = () => {
    setBusy(true);
    setError(null);
    act()
      .then(() => setOpen(false))
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" className={className} disabled={disabled} onClick={() => setOpen(true)}>
        {words}
      </button>
      {isOpen && (
        <Dialog title={words} onClose={() => setOpen(false)}>
          <div className="form">
            <div>{children}</div>
            <Refusal error={error} />
            <div className="form-end">
              <button type="button" className="button" data-first-focus onClick={() => setOpen(false)}>
                Cancel
              </button>
              <button type="button" className="button danger" disabled={isBusy} onClick={confirm}>
                {words}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
