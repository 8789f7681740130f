import type { Alert, FrozenProcess } from '../store/contract.ts';

/** Most processes of the tree of a story; others are counted. */
export const maxStoryProcesses = 200;

export interface StoryProcess extends Omit<FrozenProcess, 'relation'> {
  readonly hostName: string;
  /** Alerts about it. */
  readonly alertIds: readonly string[];
}

interface Node {
  readonly process: FrozenProcess;
  readonly hostName: string;
  readonly alertIds: Set<string>;
  readonly children: Node[];
}

/** The frozen trees of alerts put together: each process once, after its parent, with what was raised about it. */
export function storyTree(alerts: readonly Alert[]): {
  readonly processes: readonly StoryProcess[];
  readonly leftOut: number;
} {
  const roots: Node[] = [];
  const known = new Map<string, Node>();
  for (const alert of alerts) addTree(alert, roots, known);
  const processes: StoryProcess[] = [];
  let leftOut = 0;
  const list = ({ process, hostName, alertIds, children }: Node, depth: number) => {
    if (processes.length >= maxStoryProcesses) leftOut++;
    else {
      const { relation: _, ...facts } = process;
      processes.push({ ...facts, depth, hostName, alertIds: [...alertIds] });
    }
    for (const child of children) list(child, depth + 1);
  };
  for (const root of roots) list(root, 0);
  return { processes, leftOut };
}

function addTree({ id, hostId, hostName, tree }: Alert, roots: Node[], known: Map<string, Node>): void {
  /** The processes from the root down to the last one, by depth. */
  const path: Node[] = [];
  for (const process of tree?.processes ?? []) {
    const key = `${hostId} ${process.entityId ?? `${process.pid} ${process.startedAt}`}`;
    const parent = path[process.depth - 1];
    let node = known.get(key);
    if (node === undefined) {
      node = { process, hostName, alertIds: new Set(), children: [] };
      known.set(key, node);
      (parent?.children ?? roots).push(node);
    }
    if (process.relation === 'subject') node.alertIds.add(id);
    path.length = process.depth;
    path[process.depth] = node;
  }
}
