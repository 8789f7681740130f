import { explain } from '../data/request.ts';
import { Visible } from './visible.tsx';

/** Why something that was asked did not come about, and what to do. */
export function RefusalNotice({ error }: { error: unknown }) {
  const { what, action } = explain(error);
  return (
    <div className="notice bad" role="alert">
      <span>
        <strong>
          <Visible text={what} />
        </strong>{' '}
        {action}
      </span>
    </div>
  );
}
