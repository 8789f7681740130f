import type { ReactNode } from 'react';

interface TileProps {
  readonly title: string;
  readonly value: ReactNode;
  readonly children: ReactNode;
  readonly tone?: 'good' | 'warn' | 'bad' | 'plain';
}

export function Tile({ title, value, children, tone = 'plain' }: TileProps) {
  return (
    <section className={`tile ${tone}`} aria-label={title}>
      <h2>{title}</h2>
      <p className="tile-value">{value}</p>
      <div className="tile-note">{children}</div>
    </section>
  );
}
