import type { TreeProcessJson } from '../../api/json/tree.ts';

/** What a process ran last, as it was called. */
export function programOf({ programs, name }: TreeProcessJson): string {
  const last = programs.at(-1);
  return last?.commandLine ?? last?.executable ?? name ?? 'unknown';
}

const words: Readonly<Record<TreeProcessJson['sighting'], string>> = {
  started: '',
  forked: 'forked',
  running: 'ran already at the first look',
  acted: 'start not seen',
  told: 'never seen, told of by its child',
};

/** How it is known, where that is not by its start. */
export function sightingWords({ sighting }: TreeProcessJson): string {
  return words[sighting];
}
