import { useSyncExternalStore } from 'react';
import { preference } from '../data/preference.ts';

export const theme = preference('theme', ['system', 'light', 'dark']);

/** Without the attribute the style sheet follows the system. */
export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
  dispatchEvent(new Event('theme'));
}

export function isDark(): boolean {
  const chosen = theme.get();
  return chosen === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

function onSystemChange(changed: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', changed);
  return () => media.removeEventListener('change', changed);
}

/** Follows both the choice and the system. */
export function useIsDark(): boolean {
  theme.use();
  return useSyncExternalStore(onSystemChange, isDark);
}
