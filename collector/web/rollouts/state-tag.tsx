import type { RolloutJson } from '../../api/json/rollout.ts';

const words: Readonly<Record<RolloutJson['state'], readonly [words: string, tone: string]>> = {
  waiting: ['waits for approval', ''],
  running: ['running', 'good'],
  paused: ['paused', ''],
  halted: ['halted', 'bad'],
  done: ['done', 'good'],
  'rolled-back': ['rolled back', 'bad'],
};

export function StateTag({ state }: { state: RolloutJson['state'] }) {
  const [said, tone] = words[state];
  return <span className={`tag ${tone}`}>{said}</span>;
}
