import type { Level } from '../../store/contract.ts';

const short: Readonly<Record<Level, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  informational: 'Info',
};

/** Filled steps besides the colour, so that the level is seen without it. */
const steps: Readonly<Record<Level, number>> = { critical: 4, high: 3, medium: 2, low: 1, informational: 0 };

export function LevelBadge({ level }: { level: Level }) {
  return (
    <span className={`level ${level}`}>
      <svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">
        {[0, 1, 2, 3].map((step) => (
          <rect
            key={step}
            x={step * 3.6}
            y={7.5 - step * 2.5}
            width="2.4"
            height={2.5 + step * 2.5}
            opacity={step < steps[level] ? 1 : 0.28}
            fill="currentColor"
          />
        ))}
      </svg>
      {short[level]}
    </span>
  );
}
