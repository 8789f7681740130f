import { useState } from 'react';
import type { HuntJson } from '../../api/json/hunt.ts';
import { explain } from '../data/request.ts';
import { Dialog } from '../frame/dialog.tsx';
import { useSaveHunt } from './hunt-queries.ts';
import type { AskedParameter } from './parameters.ts';

interface SaveHuntProps {
  readonly sql: string;
  readonly parameters: readonly AskedParameter[];
  readonly values: Readonly<Record<string, string>>;
  /** The hunt it came from. */
  readonly from: HuntJson | undefined;
  readonly saved: (hunt: HuntJson) => void;
  readonly close: () => void;
}

const nameFrom = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);

/** Asks how a hunt is to be called, and saves it. One of ours keeps its name, so that a changed one is a new one. */
export function SaveHunt({ sql, parameters, values, from, saved, close }: SaveHuntProps) {
  const own = from?.isOurs === false ? from : undefined;
  const [title, setTitle] = useState(own?.title ?? '');
  const [description, setDescription] = useState(own?.description ?? '');
  const save = useSaveHunt();
  const name = own !== undefined && title === own.title ? own.name : nameFrom(title);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const kept = parameters.map((one) => ({
      name: one.name,
      type: one.type === 'any' ? 'text' : one.type,
      ...(one.doc !== '' && { doc: one.doc }),
      ...((values[one.name] ?? one.usual) !== '' && { default: values[one.name] ?? one.usual }),
    }));
    save.mutate(
      { name, title, description, sql, parameters: kept },
      {
        onSuccess(hunt) {
          saved(hunt);
          close();
        },
      },
    );
  };
  return (
    <Dialog title="Save hunt" onClose={close}>
      <form onSubmit={submit} className="form">
        <label>
          Title
          <input
            data-first-focus
            value={title}
            maxLength={128}
            required
            onChange={(event) => setTitle(event.target.value)}
          />
          {name !== '' && (
            <span className="muted">
              vedette hunt run <code>{name}</code>
            </span>
          )}
        </label>
        <label>
          What it looks for
          <textarea
            rows={3}
            value={description}
            maxLength={4096}
            onChange={(event) => setDescription(event.target.value)}
          />
        </label>
        {save.error !== null && (
          <p className="check-bad" role="alert">
            {explain(save.error).what}
          </p>
        )}
        <div className="form-end">
          <button type="button" className="button" onClick={() => close()}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={name === '' || save.isPending}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
