import { useState } from 'react';
import { Code } from '../../text/visible.tsx';

export function CopyJson({ value }: { value: unknown }) {
  const [done, setDone] = useState(false);
  const json = JSON.stringify(value, null, 2);
  const copy = () => {
    void navigator.clipboard?.writeText(json).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), 2_000);
    });
  };
  return (
    <details className="raw">
      <summary>Raw JSON</summary>
      <button type="button" className="button" onClick={copy}>
        {done ? 'Copied' : 'Copy'}
      </button>
      <pre>
        {json.split('\n').map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity.
          <Code key={i} text={line} wrap />
        ))}
      </pre>
    </details>
  );
}
