import { useState } from 'react';
import { useHosts } from '../data/queries.ts';
import { useRollouts } from './rollout-queries.ts';

/** How a bundle is to reach hosts; as POST /rules/rollouts takes it. */
export interface RolloutPlan {
  readonly stages?: readonly string[];
  readonly soakS?: number;
}

interface PlanFieldsProps {
  readonly change: (plan: RolloutPlan) => void;
}

type Way = 'usual' | 'everyone' | 'own';
const usualOwn = '10%, 50%, everyone';
const usualSoakMinutes = 10;

function planOf(way: Way, stages: string, soakMinutes: number): RolloutPlan {
  if (way === 'usual') return {};
  if (way === 'everyone') return { stages: ['everyone'] };
  const named = stages.split(',').map((one) => one.trim());
  return { stages: named.filter((one) => one !== ''), soakS: soakMinutes * 60 };
}

/** Asks by which stages. */
export function PlanFields({ change }: PlanFieldsProps) {
  const { data } = useRollouts();
  const usual = data?.usual.stages ?? [];
  const hosts = useHosts().data?.items ?? [];
  const groups = [...new Set(hosts.flatMap((host) => host.groups ?? []))].sort();
  const [way, setWay] = useState<Way>('usual');
  const [stages, setStages] = useState(usualOwn);
  const [soakMinutes, setSoak] = useState(usualSoakMinutes);
  const take = (next: Way, nextStages: string, nextSoak: number) => {
    setWay(next);
    setStages(nextStages);
    setSoak(nextSoak);
    change(planOf(next, nextStages, nextSoak));
  };
  return (
    <>
      <label>
        Which hosts, in which order
        <select value={way} onChange={(event) => take(event.target.value as Way, stages, soakMinutes)}>
          <option value="usual">
            As usual here: {usual.length === 0 ? 'everyone at once' : usual.join(' → ')}
          </option>
          {usual.length > 0 && <option value="everyone">Everyone at once</option>}
          <option value="own">Stages of my own</option>
        </select>
      </label>
      {way === 'own' && (
        <>
          <label>
            Stages
            <input
              value={stages}
              spellCheck={false}
              onChange={(event) => take(way, event.target.value, soakMinutes)}
            />
            <span className="muted">
              Comma separated: names or patterns of hosts or group:NAME (joined by +), percentages, and
              “everyone” in the end.{groups.length > 0 && ` Groups: ${groups.join(', ')}.`}
            </span>
          </label>
          <label>
            Minutes that each stage is watched
            <input
              type="number"
              min={0}
              max={43_200}
              value={soakMinutes}
              onChange={(event) => take(way, stages, Number(event.target.value))}
            />
          </label>
        </>
      )}
    </>
  );
}
