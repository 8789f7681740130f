interface Sent {
  readonly stream: string;
  readonly sequence: number;
  readonly bytes: number;
}

/** Batches sent and not acknowledged, in order of sending. */
export class InFlight {
  #sent: Sent[] = [];
  #keys = new Set<string>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#sent.length;
  }

  has(stream: string, sequence: number): boolean {
    return this.#keys.has(`${stream}:${sequence}`);
  }

  oldest(): Sent | undefined {
    return this.#sent[0];
  }

  add(stream: string, sequence: number, bytes: number): void {
    this.#sent.push({ stream, sequence, bytes });
    this.#keys.add(`${stream}:${sequence}`);
    this.#bytes += bytes;
  }

  acknowledge(stream: string, mark: number): void {
    this.#sent = this.#sent.filter((s) => {
      if (s.stream !== stream || s.sequence > mark) return true;
      this.#keys.delete(`${s.stream}:${s.sequence}`);
      this.#bytes -= s.bytes;
      return false;
    });
  }

  clear(): void {
    this.#sent = [];
    this.#keys.clear();
    this.#bytes = 0;
  }
}
