import { useStatus } from '../data/queries.ts';
import { figure } from '../text/figures.ts';
import { Tile } from './tile.tsx';

/** Whether every event the agents collected is stored, or counted as lost. */
export function LossTile() {
  const { data } = useStatus();
  if (data === undefined) {
    return (
      <Tile title="Events lost" value="–">
        {null}
      </Tile>
    );
  }
  const sum = (of: 'lost' | 'unaccounted' | 'duplicates') =>
    data.hosts.reduce((total, ledger) => total + Math.abs(ledger[of]), 0);
  const [lost, unaccounted, duplicates] = [sum('lost'), sum('unaccounted'), sum('duplicates')];
  const defects = unaccounted + duplicates;
  return (
    <Tile title="Events lost" value={figure(lost)} tone={lost + defects > 0 ? 'bad' : 'good'}>
      {defects > 0
        ? `${figure(unaccounted)} unaccounted, ${figure(duplicates)} twice`
        : lost > 0
          ? 'Each counted, see hosts'
          : 'Every event accounted for'}
    </Tile>
  );
}
