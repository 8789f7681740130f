import { techniqueName } from '#shared/attack/techniques.ts';
import { alertsWith } from '../../data/address.ts';
import { Visible } from '../../text/visible.tsx';
import { isAttack, tagWords, techniqueIn } from '../attack-tag.ts';

/** Tactics and techniques of ATT&CK by name, with what the rules cover of them, and other tags. */
export function Attack({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <section>
      <h3>ATT&CK and tags</h3>
      <ul className="attack">
        {tags.map((tag) => (
          <Tag key={tag} tag={tag} />
        ))}
      </ul>
    </section>
  );
}

function Tag({ tag }: { tag: string }) {
  const technique = techniqueIn(tag);
  const name = technique && techniqueName(technique);
  return (
    <li>
      <a className="chip" href={alertsWith({ tag, status: 'all' })}>
        <Visible text={isAttack(tag) ? tagWords(tag) : tag} />
        {name !== undefined && <> {name}</>}
        <span className="hidden-text">, alerts with it</span>
      </a>
      {technique !== undefined && (
        <a className="attack-coverage" href={`/rules/coverage#${technique}`}>
          Coverage<span className="hidden-text"> of {technique}</span>
        </a>
      )}
    </li>
  );
}
