import { Dialog } from '../frame/dialog.tsx';
import { Copyable } from './copyable.tsx';

export interface SignInLink {
  readonly url: string;
  readonly expiresAt: string;
}

/** A link that lets somebody in, to be taken to them. */
export function LinkDialog({ link, close }: { link: SignInLink; close: () => void }) {
  return (
    <Dialog title="Sign-in link" onClose={close}>
      <p>
        It signs one browser in, once, within ten minutes. Send it by a way that others do not read; it is not
        shown again.
      </p>
      <Copyable text={link.url} label="Sign-in link" />
    </Dialog>
  );
}
