import type { Detector } from '#shared/detect/contract.ts';
import { typesOf } from '#shared/detect/on-host.ts';
import { type DetectorOptions, SigmaDetector } from '#shared/detect/sigma-detector.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { boundSimulation, failureOf } from '#shared/sigma/index.ts';
import type { HostRules } from './host-rules.ts';

/** What correlations of one host may hold; beyond it the group touched longest ago leaves, which is counted. */
const correlationBounds = { memoryBytes: 8 * 1024 * 1024, keys: 20_000 } as const;
/** Rules that ask more of a host than an eighth of a core pass over values, for the collector to see. */
const regexMsPerSecond = 125;
/** Faults told of one set of rules; the others are counted. */
export const maxFaults = 32;
const maxFaultText = 128;

/** A rule that failed while it ran and was set aside. */
export interface EdgeFault {
  readonly ruleId: string;
  readonly detail: string;
}

/** Rules compiled for this host, and what running them has come to so far. */
export class RunningRules {
  readonly detector: Detector;
  /** SHA-256 of what they were made of, hex. */
  readonly digest: string;
  /** Why the first rule that does not compile does not. */
  readonly problem: string | undefined;
  readonly faults: EdgeFault[] = [];
  faultCount = 0;
  /** Called when a rule fails, and when alerts begin to be shed: whoever watches a rollout should not wait for it. */
  onTrouble: () => void = () => undefined;
  alerts = 0;
  alertsShed = 0;
  events = 0;
  /** Milliseconds of processor time spent matching, whatever else the host is busy with, without the first look at events of a type, when its rules are planned. */
  matchMs = 0;
  readonly #specs: ReadonlyMap<string, EventSpec>;
  readonly #planned = new Set<string>();
  readonly #product: string;

  constructor({ ruleSet, problem: bad }: HostRules, digest: string, product: string) {
    boundSimulation(regexMsPerSecond);
    this.digest = digest;
    this.problem = bad && `${bad.file}:${bad.line}: ${bad.code}: ${bad.message}`;
    this.#product = product;
    const options: DetectorOptions = {
      correlationBounds,
      onFault: ({ ruleId, error }) => {
        this.faultCount++;
        if (this.faults.length < maxFaults)
          this.faults.push({
            ruleId: ruleId.slice(0, maxFaultText),
            detail: failureOf('It', error).detail.slice(0, maxFaultText),
          });
        if (this.faultCount <= maxFaults) this.onTrouble();
      },
    };
    // Findings are made by the collector, so none of what makes them is loaded here.
    this.detector = new SigmaDetector(ruleSet, options, []);
    const types = new Set(ruleSet.rules.flatMap((rule) => typesOf(rule, product)));
    types.delete('alert');
    this.#specs = new Map(
      Object.values(eventSpecs).flatMap((spec) => (types.has(spec.name) ? [[spec.name, spec]] : [])),
    );
  }

  /** Rules and correlations that run here. */
  get count(): number {
    return this.detector.ruleCount;
  }

  /** What is counted is counted from now on; what failed in the trial stays said. */
  begin(): void {
    this.events = 0;
    this.matchMs = 0;
    this.alerts = 0;
    this.alertsShed = 0;
  }

  /** Whether any rule matches any of the events. */
  matches(rows: readonly EventRow[]): boolean {
    if (this.#specs.size === 0) return false;
    let found = false;
    for (const [type, ofType] of Map.groupBy(rows, (row) => row.type)) {
      const spec = this.#specs.get(type);
      if (spec !== undefined) found = this.#match(spec, ofType) || found;
    }
    return found;
  }

  #match(spec: EventSpec, rows: readonly EventRow[]): boolean {
    if (!this.#planned.has(spec.name)) {
      this.#planned.add(spec.name);
      this.detector.matches(columnarOf(spec, []), this.#product);
    }
    const began = process.threadCpuUsage();
    const found = this.detector.matches(columnarOf(spec, rows), this.#product);
    const { user, system } = process.threadCpuUsage(began);
    this.matchMs += (user + system) / 1000;
    this.events += rows.length;
    return found;
  }
}
