import type { ReactNode } from 'react';

interface TileProps {
  readonly title: string;
  readonly value: ReactNode;
  readonly children: ReactNode;
  /** Where more of it is. */
  readonly href?: string;
  readonly tone?: 'good' | 'warn' | 'bad' | 'plain';
}

export function Tile({ title, value, children, href, tone = 'plain' }: TileProps) {
  return (
    <section className={`tile ${tone}`} aria-label={title}>
      <h2>{href === undefined ? title : <a href={href}>{title}</a>}</h2>
      <p className="tile-value">{value}</p>
      <div className="tile-note">{children}</div>
    </section>
  );
}
