import { Visible } from '../text/visible.tsx';
import { changedParts, lineDiff } from './line-diff.ts';

const signs = { same: ' ', gone: '−', new: '+' } as const;

/** What an edit changes, line by line. */
export function Difference({ before, after, title }: { before: string; after: string; title: string }) {
  if (before === after) return null;
  const parts = changedParts(lineDiff(before, after));
  return (
    <figure className="difference">
      <figcaption>{title}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <pre tabIndex={0}>
        {parts.map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity.
          <span key={i} className={line?.kind ?? 'left-out'}>
            {line === null ? (
              '…'
            ) : (
              <>
                {signs[line.kind]} <Visible text={line.text} />
              </>
            )}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  );
}
