import { explain } from '../data/request.ts';
import { Visible } from '../text/visible.tsx';

/** Why a change was not made; nothing where it was. */
export function Refusal({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  const { what, action } = explain(error);
  return (
    <p className="check-bad" role="alert">
      <Visible text={what} /> {action}
    </p>
  );
}
