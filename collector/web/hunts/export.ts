import { open } from '../data/request.ts';
import type { HuntAsk } from './use-hunt-run.ts';

export const exportForms = { csv: 'CSV', jsonl: 'JSON lines', parquet: 'Parquet' } as const;
export type ExportForm = keyof typeof exportForms;

/** A file that the browser saves. Its name is ours, never that of anything stored. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Asks anew, because a file holds all rows and not only those that are shown. */
export async function exportHunt(ask: HuntAsk, form: ExportForm): Promise<void> {
  const answer = await open('POST', '/hunts/run', { ...ask, format: form });
  const at = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  saveFile(await answer.blob(), `hunt-${at}.${form}`);
}
