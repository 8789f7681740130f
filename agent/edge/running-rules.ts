import type { Detector } from '#shared/detect/contract.ts';
import { createDetector } from '#shared/detect/detector.ts';
import { onHost, typesOf } from '#shared/detect/on-host.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type RuleFiles, rulesFromFiles } from '#shared/rules/from-files.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';

/** What correlations of one host may hold; beyond it the group touched longest ago leaves, which is counted. */
const correlationBounds = { memoryBytes: 8 * 1024 * 1024, keys: 20_000 } as const;
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

  constructor(files: RuleFiles, digest: string, product: string) {
    const { ruleSet, problems } = rulesFromFiles(files);
    const bad = problems.find(({ severity }) => severity === 'error');
    const own = onHost(ruleSet, product);
    this.digest = digest;
    this.problem = bad && `${bad.file}:${bad.line}: ${bad.code}: ${bad.message}`;
    this.#product = product;
    this.detector = createDetector(own, {
      correlationBounds,
      onFault: ({ ruleId, error }) => {
        this.faultCount++;
        if (this.faults.length < maxFaults)
          this.faults.push({
            ruleId: ruleId.slice(0, maxFaultText),
            detail: (error as Error).message.slice(0, maxFaultText),
          });
        if (this.faultCount <= maxFaults) this.onTrouble();
      },
    });
    const types = new Set(own.rules.flatMap((rule) => typesOf(rule, product)));
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
