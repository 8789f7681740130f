import { fold } from '../sigma/fold.ts';

/**
 * Text for comparing without regard to case. Each character stays one, as in SQL engines: of the Turkish capital dotted
 * I only the i is kept, where `toLowerCase` would make it two.
 */
export function foldText(text: string): string {
  return fold(text.includes('İ') ? text.replaceAll('İ', 'i') : text);
}
