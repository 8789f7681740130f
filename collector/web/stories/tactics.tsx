import { Visible } from '../text/visible.tsx';

/** `initial-access` as people say it. */
const words = (tactic: string) => {
  const text = tactic.replace(/^attack\./, '').replaceAll(/[-_]/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** Tactics in the order in which they were first seen. */
export function Tactics({ tactics }: { tactics: readonly string[] }) {
  if (tactics.length === 0) return <span className="muted">No tactic is named</span>;
  return (
    <ol className="tactics">
      {tactics.map((tactic) => (
        <li key={tactic}>
          <Visible text={words(tactic)} />
        </li>
      ))}
    </ol>
  );
}
