import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { recordsOfOsv } from '#shared/detect/detectors/advisory/osv.ts';
import { type AdvisoryRecord, advisoryBounds } from '#shared/detect/detectors/advisory/record.ts';
import { VedetteError } from '#shared/errors.ts';
import { readRecords } from './advisory-file.ts';

export interface ImportReport {
  /** Advisories that were read, and of them those about packages hosts can have. */
  readonly read: number;
  readonly taken: number;
  /** Records: an advisory about one package each. */
  readonly records: number;
  readonly replaced: number;
  /** Advisories that were withdrawn, whose records were removed. */
  readonly removed: number;
  /** Records now kept, by type of package. */
  readonly kept: Readonly<Record<string, number>>;
  /** Files that are no advisories, with why. */
  readonly refused: readonly { readonly file: string; readonly why: string }[];
}

/** Files told of by name; the others are counted among them without. */
const mostRefused = 20;

/**
 * Takes advisories in OSV's form from files (`.json`: one, or a list; `.jsonl`: one a line) and folders of them, into
 * the file that detection reads. An advisory of an id that is there takes the place of the one before; with `replace`
 * nothing of before stays. The file changes as a whole or not at all. Throws `rule.import_refused` where nothing was
 * an advisory, `data.unreadable`.
 */
export async function importAdvisories(
  paths: readonly string[],
  file: string,
  replace: boolean,
): Promise<ImportReport> {
  const run = new AdvisoryImport();
  if (!replace) for await (const record of readRecords(file)) run.keep(record);
  for (const path of paths) await run.take(path);
  if (run.read === 0)
    throw new VedetteError(
      'rule.import_refused',
      `There is no advisory in ${paths.join(', ')}${run.refused[0] === undefined ? '' : `: ${run.refused[0].why}`}.`,
    );
  await run.write(file);
  return run.report;
}

class AdvisoryImport {
  /** Records by id of their advisory. */
  readonly #records = new Map<string, readonly AdvisoryRecord[]>();
  readonly refused: { readonly file: string; readonly why: string }[] = [];
  read = 0;
  #taken = 0;
  #added = 0;
  #replaced = 0;
  #removed = 0;
  #count = 0;

  keep(record: AdvisoryRecord): void {
    this.#records.set(record.id, [...(this.#records.get(record.id) ?? []), record]);
    this.#count++;
  }

  get report(): ImportReport {
    const kept: Record<string, number> = {};
    for (const records of this.#records.values())
      for (const { type } of records) kept[type] = (kept[type] ?? 0) + 1;
    return {
      ...{ read: this.read, taken: this.#taken, records: this.#added, replaced: this.#replaced },
      ...{ removed: this.#removed, kept, refused: this.refused.slice(0, mostRefused) },
    };
  }

  async take(path: string): Promise<void> {
    const stats = await stat(path).catch((error: Error) => {
      throw new VedetteError('data.unreadable', `${path}: ${error.message}.`);
    });
    if (stats.isDirectory()) {
      for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) =>
        a.name < b.name ? -1 : 1,
      ))
        if (entry.isDirectory() || (entry.isFile() && /\.jsonl?$/i.test(entry.name)))
          await this.take(join(path, entry.name));
    } else if (stats.size > advisoryBounds.fileBytes)
      this.refused.push({ file: path, why: `It is larger than ${advisoryBounds.fileBytes} bytes` });
    else if (/\.jsonl$/i.test(path)) await this.#lines(path);
    else this.#text(path, await readFile(path, 'utf8'));
  }

  async #lines(path: string): Promise<void> {
    for await (const line of createInterface({ input: createReadStream(path) }))
      if (line.trim() !== '') this.#text(path, line);
  }

  #text(file: string, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.refused.push({ file, why: (error as Error).message });
      return;
    }
    for (const one of Array.isArray(value) ? value : [value]) this.#advisory(file, one);
  }

  #advisory(file: string, value: unknown): void {
    const records = recordsOfOsv(value);
    if (records === undefined) {
      this.refused.push({ file, why: 'It is no advisory in the form of OSV' });
      return;
    }
    this.read++;
    const { id } = value as { readonly id: string };
    const before = this.#records.get(id);
    this.#count += records.length - (before?.length ?? 0);
    if (this.#count > advisoryBounds.records)
      throw new VedetteError('rule.import_refused', `There are more than ${advisoryBounds.records} records.`);
    if (records.length > 0) {
      this.#records.set(id, records);
      this.#taken++;
      this.#added += records.length;
      if (before !== undefined) this.#replaced++;
    } else if (this.#records.delete(id)) this.#removed++;
  }

  async write(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}`;
    try {
      const out = createWriteStream(temporary, { mode: 0o600, flush: true });
      for (const records of this.#records.values())
        for (const record of records) if (!out.write(`${JSON.stringify(record)}\n`)) await once(out, 'drain');
      out.end();
      await once(out, 'close');
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new VedetteError('data.unreadable', `${file}: ${(error as Error).message}.`, { cause: error });
    }
  }
}
