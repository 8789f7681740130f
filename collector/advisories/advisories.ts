import { indexOfRecords } from '#shared/detect/detectors/advisory/index-of-records.ts';
import { noAdvisories } from '#shared/detect/detectors/advisory/none.ts';
import type { AdvisoryRecord } from '#shared/detect/detectors/advisory/record.ts';
import type { Advisory, AdvisoryIndex } from '#shared/detect/detectors/contract.ts';
import { readRecords, revisionOf } from './advisory-file.ts';

/** How often it is looked whether others were imported. */
const watchMs = 2_000;

/** The imported advisories as detection sees them: those of the file as it is, or was a moment ago. */
export class Advisories implements AdvisoryIndex {
  readonly #file: string;
  #index: AdvisoryIndex = noAdvisories;
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  get revision(): number {
    return this.#index.revision;
  }

  matching(type: string, name: string, version: string): readonly Advisory[] {
    return this.#index.matching(type, name, version);
  }

  /** Reads the file where it is another than before. */
  load(): Promise<void> {
    this.#loading = this.#loading.then(async () => {
      const revision = await revisionOf(this.#file);
      if (revision === this.#index.revision) return;
      const records: AdvisoryRecord[] = [];
      for await (const record of readRecords(this.#file)) records.push(record);
      this.#index = indexOfRecords(records, revision);
    });
    return this.#loading;
  }

  /** Takes up what is imported from now on, until `close`. What can not be read leaves those of before. */
  watch(onProblem: (error: unknown) => void): void {
    this.#timer = setInterval(() => {
      this.load().catch((error: unknown) => {
        this.#loading = Promise.resolve();
        onProblem(error);
      });
    }, watchMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
