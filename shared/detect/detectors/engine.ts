import { eventSpecs } from '../../events/registry.gen.ts';
import type { ColumnarEvents } from '../../schema/columns.ts';
import { ByteReader, type ByteWriter } from '../../sigma/correlate/bytes.ts';
import { type Section, unpackSections } from '../../sigma/correlate/snapshot.ts';
import { type CompiledRule, type FeedScope, logsourceFits } from '../../sigma/index.ts';
import type { BatchOrigin } from '../contract.ts';
import { detectorBounds } from './bounds.ts';
import type {
  AdvisoryIndex,
  DetectorSpec,
  DetectorStats,
  Finding,
  Observation,
  RunningDetector,
  Tell,
} from './contract.ts';
import { type FindingEvent, findingEvent } from './finding-event.ts';
import { SharedMemory } from './memory.ts';
import { ObservedRows } from './observed-rows.ts';
import { type DetectorSettings, parametersOf } from './parameters.ts';
import { PlainReader, PlainWriter } from './plain.ts';

export interface DetectorEngineOptions {
  readonly specs: readonly DetectorSpec[];
  readonly settings: DetectorSettings;
  readonly advisories: AdvisoryIndex;
  readonly memoryBytes?: number;
  /** Called once for a detector that throws, which is a defect; it is set aside and the others go on. */
  readonly onFault?: (detector: string, error: unknown) => void;
}

interface Running {
  readonly spec: DetectorSpec;
  readonly parameters: Readonly<Record<string, number>>;
  readonly key: string;
  detector: RunningDetector;
  isFresh: boolean;
  isSetAside: boolean;
  learnedFrom: number | null;
  learnedTo: number | null;
  readonly counts: { observed: number; findings: number; dropped: number };
  readonly tell: Tell;
}

/** A group of a batch and the detectors that look at it. */
interface Observed {
  readonly rows: ObservedRows;
  readonly by: readonly Running[];
}

const nothing: readonly FindingEvent[] = [];

/** Which detectors the rules ask for: those named by a rule about findings, or all where one names none. */
export function askedFor(
  rules: readonly CompiledRule[],
  specs: readonly DetectorSpec[],
): readonly DetectorSpec[] {
  const about = rules.flatMap(({ rule: { logsource } }) => {
    const isMeant = logsource.product === 'vedette' || logsource.category === 'vedette_finding';
    return isMeant && logsourceFits(logsource, eventSpecs.finding, 'vedette') ? [logsource] : [];
  });
  return specs.filter(({ name }) => about.some(({ service }) => service === undefined || service === name));
}

/**
 * Detectors at work on batches. Events of a batch are taken in order of their times, those of one time as they stand,
 * so that the same events give the same findings however they are cut into batches. Does no I/O; all it holds is
 * bounded.
 */
export class DetectorEngine {
  readonly #options: DetectorEngineOptions;
  #memory = new SharedMemory();
  #running: readonly Running[] = [];
  #byType = new Map<string, readonly Running[]>();
  #revision = 0;
  /** While a batch is observed: its origin, the event at hand, what was found so far. */
  #origin: BatchOrigin | undefined;
  #seen: Observation | undefined;
  #found: FindingEvent[] = [];

  constructor(options: DetectorEngineOptions) {
    this.#options = options;
    this.#begin();
  }

  /** Types of events that some detector looks at. */
  get types(): ReadonlySet<string> {
    return new Set(this.#byType.keys());
  }

  get lookbackUs(): number {
    return Math.max(0, ...this.#running.map(lookbackUsOf));
  }

  /** Grows with every event taken. */
  get revision(): number {
    return this.#revision;
  }

  get stats(): { readonly bytes: number; readonly detectors: readonly DetectorStats[] } {
    const detectors = this.#running.map(
      ({ spec, parameters, detector, isSetAside, learnedFrom, learnedTo, counts }) => ({
        ...{ name: spec.name, parameters, tables: detector.tables, isSetAside, learnedFrom, learnedTo },
        ...counts,
      }),
    );
    return { bytes: this.#memory.used, detectors };
  }

  /** Takes a batch; gives what detectors found in it, in order of the events. */
  observe(
    origin: BatchOrigin,
    groups: readonly ColumnarEvents[],
    scope: FeedScope = 'all',
  ): readonly FindingEvent[] {
    if (this.#running.length === 0) return nothing;
    const observed: Observed[] = [];
    groups.forEach((events, group) => {
      const by = this.#lookingAt(events, scope);
      if (by.length === 0) return;
      const rows = new ObservedRows(origin, events, group);
      this.#count(rows, by);
      const concerned = by.filter(({ detector }) => detector.concerns?.(rows) ?? true);
      if (concerned.length > 0) observed.push({ rows, by: concerned });
    });
    if (observed.length === 0) return nothing;
    this.#origin = origin;
    this.#found = [];
    inOrderOfTime(observed, this.#observeRow);
    return this.#found;
  }

  #lookingAt({ type, count }: ColumnarEvents, scope: FeedScope): readonly Running[] {
    const all = count === 0 ? undefined : this.#byType.get(type);
    return all?.filter(({ isSetAside, isFresh }) => !isSetAside && (scope === 'all' || isFresh)) ?? [];
  }

  #count(rows: ObservedRows, by: readonly Running[]): void {
    const { count, earliest, latest } = rows;
    for (const running of by) {
      this.#revision += count;
      running.counts.observed += count;
      running.learnedFrom = Math.min(running.learnedFrom ?? earliest, earliest);
      running.learnedTo = Math.max(running.learnedTo ?? latest, latest);
    }
  }

  readonly #observeRow = ({ rows, by }: Observed, row: number): void => {
    const seen = rows.at(row);
    this.#seen = seen;
    for (const running of by) {
      if (running.isSetAside) continue;
      try {
        running.detector.observe(seen, running.tell);
      } catch (error) {
        running.isSetAside = true;
        this.#options.onFault?.(running.spec.name, error);
      }
    }
  };

  #tell(running: Running, finding: Finding): void {
    if (this.#found.length >= detectorBounds.findingsPerBatch) {
      running.counts.dropped++;
      return;
    }
    running.counts.findings++;
    this.#found.push(findingEvent(running.spec.name, finding, this.#seen!, this.#origin!));
  }

  /** The state of every detector, as parts of a snapshot. */
  sections(): readonly Section[] {
    return this.#running
      .filter(({ isSetAside }) => !isSetAside)
      .map(({ key, detector, learnedFrom, learnedTo }) => ({
        key,
        write: (out: ByteWriter) => new PlainWriter(out).write([learnedFrom, learnedTo, detector.save()]),
      }));
  }

  /**
   * Takes up what `sections` wrote. A detector that the snapshot does not hold as it is now begins empty, and so does
   * one whose part is of no use. Gives the microseconds of history that those need.
   */
  restore(snapshot: Uint8Array): number {
    const sections = new Map(unpackSections(snapshot));
    // What is half taken up would still count as memory: without it all begins anew.
    for (let bad = this.#load(sections); bad !== undefined; bad = this.#load(sections)) sections.delete(bad);
    return Math.max(0, ...this.#running.filter(({ isFresh }) => isFresh).map(lookbackUsOf));
  }

  /** Begins with these; gives the key of the first that is of no use. */
  #load(sections: ReadonlyMap<string, Uint8Array>): string | undefined {
    this.#begin();
    for (const running of this.#running) {
      const section = sections.get(running.key);
      if (section === undefined) continue;
      try {
        const saved = new PlainReader(new ByteReader(section)).read();
        const [from, to, state] = saved as readonly [number | null, number | null, never];
        running.detector.load(state);
        running.learnedFrom = from;
        running.learnedTo = to;
        running.isFresh = false;
      } catch {
        return running.key;
      }
    }
    return undefined;
  }

  #begin(): void {
    const { specs, settings, memoryBytes } = this.#options;
    this.#memory = new SharedMemory(memoryBytes);
    this.#running = specs.map((spec) => {
      const parameters = parametersOf(spec, settings);
      const running: Running = {
        ...{ spec, parameters, isFresh: true, isSetAside: false, learnedFrom: null, learnedTo: null },
        key: `detector ${spec.name} ${spec.version} ${JSON.stringify(parameters)}`,
        detector: this.#make(spec, parameters),
        counts: { observed: 0, findings: 0, dropped: 0 },
        tell: (finding) => this.#tell(running, finding),
      };
      return running;
    });
    this.#byType = new Map();
    for (const running of this.#running)
      for (const type of running.spec.types)
        this.#byType.set(type, [...(this.#byType.get(type) ?? []), running]);
  }

  #make(spec: DetectorSpec, parameters: Readonly<Record<string, number>>): RunningDetector {
    return spec.make({ parameters, memory: this.#memory, advisories: this.#options.advisories });
  }
}

/** Calls with the rows of all groups in order of time; those of one time as they stand. */
function inOrderOfTime(observed: readonly Observed[], take: (from: Observed, row: number) => void): void {
  const [only] = observed;
  if (observed.length === 1) {
    const { rows } = only!;
    for (let place = 0; place < rows.count; place++) take(only!, rows.rowAt(place));
    return;
  }
  const places = observed.map(() => 0);
  const times = Float64Array.from(observed, ({ rows }) => rows.earliest);
  for (let left = observed.reduce((sum, { rows }) => sum + rows.count, 0); left > 0; left--) {
    let next = 0;
    for (let i = 1; i < times.length; i++) if (times[i]! < times[next]!) next = i;
    const { rows } = observed[next]!;
    const place = places[next]!;
    places[next] = place + 1;
    take(observed[next]!, rows.rowAt(place));
    times[next] = place + 1 < rows.count ? rows.timeAt(place + 1) : Number.POSITIVE_INFINITY;
  }
}

function lookbackUsOf({ spec, parameters }: Pick<Running, 'spec' | 'parameters'>): number {
  return spec.lookbackS(parameters) * 1e6;
}
