/** Keys of the page that is shown: who offers one says what it does, so that the help lists what works now. */
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Shortcut {
  /** `j`, `Enter`, `Escape`, `?`, `shift+J`, `ctrl+k` (also the command key), or one after another: `g a`. */
  readonly keys: string;
  readonly words: string;
  readonly act: (event: KeyboardEvent) => void;
  /** Also while somebody types. */
  readonly whileTyping?: true;
}

export interface ShortcutGroup {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

/** How long the second key of `g a` is waited for. */
const sequenceMs = 1_500;

const watchers = new Set<() => void>();
let groups: readonly { readonly current: ShortcutGroup }[] = [];
let first: { readonly key: string; readonly atMs: number } | undefined;

function put(next: typeof groups): void {
  groups = next;
  for (const watcher of watchers) watcher();
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

/** Enter and space belong to what has the focus. */
function isPressing(event: KeyboardEvent): boolean {
  const own = event.key === 'Enter' || event.key === ' ';
  return own && event.target instanceof HTMLElement && event.target.closest('a, button, summary') !== null;
}

/** What was pressed, in the words of `Shortcut.keys`; undefined for keys that are the browser's. */
function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string | undefined {
  if (altKey) return undefined;
  const control = ctrlKey || metaKey;
  const isLetterOrName = key.length > 1 || /[a-z]/i.test(key);
  return `${control ? 'ctrl+' : ''}${shiftKey && isLetterOrName ? 'shift+' : ''}${key}`;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const pressed = nameOf(event);
  // A dialog keeps the keys to itself.
  const isModal = document.querySelector('dialog:modal') !== null;
  if (pressed === undefined || isModal || isPressing(event)) return;
  const before = first !== undefined && event.timeStamp - first.atMs < sequenceMs ? first.key : undefined;
  first = undefined;
  const typing = isTyping(event.target);
  const all = groups.toReversed().flatMap(({ current }) => current.shortcuts);
  const usable = all.filter((one) => !typing || one.whileTyping === true);
  const found =
    usable.find(({ keys }) => keys === `${before} ${pressed}`) ?? usable.find(({ keys }) => keys === pressed);
  if (found !== undefined) {
    event.preventDefault();
    found.act(event);
  } else if (usable.some(({ keys }) => keys.startsWith(`${pressed} `)))
    first = { key: pressed, atMs: event.timeStamp };
}

/** Listens from now on; gives the function that ends it. */
export function listenToKeys(): () => void {
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

/** Offers shortcuts as long as the component is shown; of the same keys those offered last count. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef<ShortcutGroup>({ title, shortcuts });
  latest.current = { title, shortcuts };
  useEffect(() => {
    put([...groups, latest]);
    return () => put(groups.filter((one) => one !== latest));
  }, []);
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** What is offered now. */
export function useShortcutGroups(): readonly ShortcutGroup[] {
  return useSyncExternalStore(subscribe, () => groups).map(({ current }) => current);
}
