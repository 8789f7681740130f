import { useState } from 'react';
import { Icon } from '../frame/icon.tsx';

const toldMs = 2_000;

/** Text to be taken elsewhere: a command, a link, a secret that is shown once. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [told, setTold] = useState('');
  const copy = () => {
    navigator.clipboard?.writeText(text).then(
      () => setTold('Copied'),
      () => setTold('Select it and copy'),
    );
    setTimeout(() => setTold(''), toldMs);
  };
  return (
    <div className="copyable">
      <code>{text}</code>
      <button type="button" className="button" onClick={copy} aria-label={`Copy: ${label}`}>
        <Icon name="copy" /> <span aria-hidden="true">{told || 'Copy'}</span>
      </button>
      <span className="hidden-text" role="status">
        {told}
      </span>
    </div>
  );
}
