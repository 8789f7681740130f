import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

/** As the live feed tells it, with when that was. */
export interface LiveAlert {
  readonly id: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly level: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly lastEventAt: number;
  readonly receivedAt: number;
  readonly isNew: boolean;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Alerts that are kept; far more than a run gives. */
const maxAlerts = 100_000;

/** What the live feed of a collector tells, in order. */
export class LiveAlerts {
  readonly #socket: WebSocket;
  readonly #events: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #alerts: LiveAlert[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket, base: string, headers: Readonly<Record<string, string>>) {
    this.#socket = socket;
    this.#events = `${base}/api/v1/events`;
    this.#headers = headers;
    socket.on('message', (data) => this.#take(JSON.parse(String(data))));
  }

  static async open(api: string, tokenFile: string): Promise<LiveAlerts> {
    const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
    const base = api.replace(/\/$/, '');
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/api/v1/feed`, { headers });
    await once(socket, 'open');
    const feed = new LiveAlerts(socket, base, headers);
    socket.send(JSON.stringify({ subscribe: ['alert'] }));
    return feed;
  }

  get count(): number {
    return this.#alerts.length;
  }

  since(index: number): readonly LiveAlert[] {
    return this.#alerts.slice(index);
  }

  /** Waits for the next alert, or as long. */
  async next(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Whether an alert is about a process elsewhere on this machine. The agent sees them all, and only the start of a
   * process tells in which namespaces it lives.
   */
  async isElsewhere({ event }: LiveAlert): Promise<boolean> {
    const entity = event['process.entity_id'];
    if (typeof entity !== 'string') return false;
    const query = new URLSearchParams({
      where: `process.entity_id:eq:${entity}`,
      type: 'process.start',
      limit: '1',
    });
    const answer = await fetch(`${this.#events}?${query}`, { headers: this.#headers });
    const { items } = (await answer.json()) as { items?: readonly Readonly<Record<string, unknown>>[] };
    return isOutside(items?.[0] ?? {});
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(frame: { topic?: string; message?: { alert: Record<string, unknown>; isNew: boolean } }): void {
    if (frame.topic !== 'alert' || frame.message === undefined || this.#alerts.length >= maxAlerts) return;
    const { alert, isNew } = frame.message;
    const event = (alert['event'] ?? {}) as Readonly<Record<string, unknown>>;
    // The agent sees the whole machine; what happens outside the scratch host is in another mount namespace.
    if (isOutside(event)) return;
    this.#alerts.push({
      id: String(alert['id']),
      ruleId: String(alert['ruleId']),
      ruleTitle: String(alert['ruleTitle']),
      level: String(alert['level']),
      reason: String(alert['reason']),
      lastEventAt: Date.parse(String(alert['lastEventAt'])),
      receivedAt: Date.now(),
      isNew,
      event,
    });
    this.#wake();
  }
}

function isOutside(event: Readonly<Record<string, unknown>>): boolean {
  const namespaces = event['process.namespaces'];
  return Array.isArray(namespaces) && namespaces.some((one) => String(one).startsWith('uts:'));
}
