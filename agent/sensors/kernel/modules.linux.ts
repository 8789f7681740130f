import type { EventByType } from '#shared/events/registry.gen.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { ProcessEntry } from '../process/table.ts';
import { actorFieldsOf } from './actor.ts';

type ModuleChange = EventByType['module.change'];

/** Bytes of /proc/modules that are read: some ten thousand modules. */
const maxBytes = 1024 * 1024;
const line = /^(\S{1,256}) (\d{1,15}) \S+ \S+ \S+ \S+(?: \(([A-Z+-]{1,32})\))?$/;

interface Module {
  readonly name: string;
  readonly sizeBytes: number;
  readonly taints: string | undefined;
}

/** Modules of a text as /proc/modules gives it (proc(5)). Lines that are not understood are passed over. */
export function parseModules(text: string): Map<string, Module> {
  const modules = new Map<string, Module>();
  for (const row of text.split('\n')) {
    const [, name, size, taints] = line.exec(row) ?? [];
    if (name !== undefined) modules.set(name, { name, sizeBytes: Number(size), taints });
  }
  return modules;
}

/** Loaded modules, compared from look to look. A kernel without modules has none, and no list. */
export class LoadedModules {
  readonly #path: string;
  readonly #file = new BoundedFile(maxBytes);
  #text: string | undefined;
  #known: Map<string, Module> | undefined;

  constructor(procRoot: string) {
    this.#path = `${procRoot}/modules`;
  }

  /** What was loaded and unloaded since the last call; everything, as baseline, at the first. */
  compare(time: number, provider: string, actor?: ProcessEntry): ModuleChange[] {
    const text = this.#file.text(this.#path);
    if (text === undefined || text === this.#text) return [];
    this.#text = text;
    const before = this.#known;
    const now = parseModules(text);
    this.#known = now;
    const baseline = before === undefined || undefined;
    const event = (action: ModuleChange['event.action'], module: Module): ModuleChange => ({
      type: 'module.change',
      time,
      'event.baseline': baseline,
      'event.provider': provider,
      'event.action': action,
      'module.name': module.name,
      'module.size': module.sizeBytes,
      'module.taints': module.taints,
      ...actorFieldsOf(actor),
    });
    const loaded = [...now.values()].filter(({ name }) => before?.has(name) !== true);
    const unloaded = [...(before?.values() ?? [])].filter(({ name }) => !now.has(name));
    return [...loaded.map((m) => event('loaded', m)), ...unloaded.map((m) => event('unloaded', m))];
  }
}
