import { saveFile } from '../hunts/export.ts';
import { Copyable } from './copyable.tsx';

/** Codes that stand in for the app, shown this once. */
export function RecoveryCodes({ codes, done }: { codes: readonly string[]; done: () => void }) {
  const text = codes.join('\n');
  const save = () => saveFile(new Blob([`${text}\n`], { type: 'text/plain' }), 'vedette-recovery-codes.txt');
  return (
    <div className="form recovery">
      <p>
        <strong>Keep these recovery codes.</strong> Each signs you in once when you do not have the app. They
        are not shown again.
      </p>
      <ul className="codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="form-end">
        <Copyable text={text} label="Recovery codes as text" />
        <button type="button" className="button" onClick={save}>
          Download
        </button>
        <button type="button" className="button primary" onClick={done}>
          I have kept them
        </button>
      </div>
    </div>
  );
}
