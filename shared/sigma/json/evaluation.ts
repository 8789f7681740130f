import type { Logsource } from '../../schema/spec.ts';
import type { RuleSet } from '../compile/rule-set.ts';
import type { CorrelationEvent, Firing } from '../correlate/contract.ts';
import { CorrelationEngine } from '../correlate/engine.ts';
import type { CorrelationRule, RuleHeader } from '../document.ts';
import { fieldKey } from '../fields.ts';
import type { MatchedTest } from '../match/explain.ts';
import { Matcher } from '../match/matcher.ts';
import { openSchema } from '../match/schema.ts';
import { ColumnBatch } from './columns.ts';
import { type BadDocument, JsonDocuments, type JsonEvent } from './documents.ts';
import { eventTimeUs, timeFields } from './time.ts';

/** A rule that holds for an event. */
export interface JsonMatch {
  readonly rule: RuleHeader;
  readonly event: number;
  readonly line: number;
  readonly tests: readonly MatchedTest[];
}

/** A correlation whose condition is met anew: the beginning of an episode. */
export interface JsonFiring {
  readonly rule: CorrelationRule;
  /** By group-by field; null where the events lack it. */
  readonly group: Readonly<Record<string, string | null>>;
  /** What the condition was compared with. */
  readonly value: number;
  /** Events of the window, oldest first, at most 100. */
  readonly events: readonly { readonly event: number; readonly line: number }[];
}

export interface EvaluationHandlers {
  readonly onMatch: (match: JsonMatch) => void;
  readonly onFiring: (firing: JsonFiring) => void;
  readonly onBad: (bad: BadDocument) => void;
  /** A rule that threw, which is a defect; it is set aside and the others go on. */
  readonly onFault: (rule: RuleHeader, error: unknown) => void;
}

export interface EvaluationOptions {
  /** What the events are; without it every rule is about them. */
  readonly logsource?: Logsource;
  /** Where events say when they happened; the usual names unless given. */
  readonly timeFields?: readonly string[];
}

/**
 * Runs rules and correlations over a stream of JSON documents, without any event declarations. Rules that only serve
 * correlations stay silent. An event whose time cannot be read is not counted by correlations.
 */
export class JsonEvaluation {
  readonly stats = { documents: 0, bad: 0, untimed: 0, matches: 0, firings: 0 };
  readonly #ruleSet: RuleSet;
  readonly #handlers: EvaluationHandlers;
  readonly #schema: ReturnType<typeof openSchema>;
  readonly #timeFields: readonly string[];
  readonly #documents: JsonDocuments;
  readonly #matcher: Matcher;
  readonly #engine: CorrelationEngine;
  #batch = new ColumnBatch();
  #events: JsonEvent[] = [];

  constructor(ruleSet: RuleSet, handlers: EvaluationHandlers, options: EvaluationOptions = {}) {
    this.#ruleSet = ruleSet;
    this.#handlers = handlers;
    this.#schema = openSchema(options.logsource);
    this.#timeFields = options.timeFields ?? timeFields;
    this.#documents = new JsonDocuments({
      onEvent: (event) => this.#add(event),
      onBad: (bad) => {
        this.stats.documents++;
        this.stats.bad++;
        handlers.onBad(bad);
      },
    });
    const onFault = ({ rule }: { readonly rule: RuleHeader }, error: unknown) =>
      handlers.onFault(rule, error);
    this.#matcher = new Matcher(ruleSet.rules, [], onFault);
    this.#engine = new CorrelationEngine(ruleSet.correlations, { onFault });
  }

  push(chunk: Uint8Array): void {
    this.#documents.push(chunk);
  }

  /** The stream is over. */
  end(): void {
    this.#documents.end();
    this.#flush();
  }

  #add(event: JsonEvent): void {
    this.stats.documents++;
    this.#events.push(event);
    this.#batch.add(event.fields, eventTimeUs(event.fields, this.#timeFields) ?? Number.NaN);
    if (this.#batch.isFull) this.#flush();
  }

  #flush(): void {
    const [events, columns] = [this.#events, this.#batch.finish()];
    this.#events = [];
    this.#batch = new ColumnBatch();
    for (const time of columns.times) if (Number.isNaN(time)) this.stats.untimed++;
    this.#matcher.matchAs(columns, this.#schema, (compiled, row, explain) => {
      const event = events[row]!;
      if (!this.#ruleSet.silent.has(compiled)) {
        this.stats.matches++;
        this.#handlers.onMatch({
          ...{ rule: compiled.rule, event: event.number, line: event.line, tests: explain() },
        });
      }
      const time = columns.times[row]!;
      if (this.#engine.concerns(compiled) && !Number.isNaN(time))
        for (const firing of this.#engine.feed(compiled, correlationEvent(event, time))) this.#tell(firing);
    });
  }

  #tell({ correlation, isNew, groupValues, value, eventIds }: Firing): void {
    if (!isNew || this.#ruleSet.silent.has(correlation)) return;
    const { rule } = correlation;
    this.stats.firings++;
    this.#handlers.onFiring({
      rule,
      value,
      group: Object.fromEntries(rule.groupBy.map((field, i) => [field, groupValues[i] ?? null])),
      events: eventIds.map((id) => {
        const [event, line] = id.split(' ').map(Number);
        return { event: event!, line: line! };
      }),
    });
  }
}

function correlationEvent({ number, line, fields }: JsonEvent, time: number): CorrelationEvent {
  const field = (name: string) => fields.get(fieldKey(name))?.[0] ?? null;
  return { time, source: `${number} ${line}`, index: -1, field };
}
