/** Follows redirects with cookies, as a browser does; enough of one to walk through a sign-in. */
export class BrowserJar {
  /** By origin and name; paths and ages are not looked at. */
  readonly #cookies = new Map<string, Map<string, string>>();

  async get(address: string, headers: Record<string, string> = {}): Promise<Response> {
    const { origin } = new URL(address);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(address, {
      redirect: 'manual',
      headers: { ...headers, ...(cookie !== '' && { cookie }) },
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  /** Goes on until there is no redirect, or until the next address would satisfy `until`: then gives that. */
  async follow(address: string, until: (url: string) => boolean = () => false): Promise<string> {
    let at = address;
    for (let hop = 0; hop < 20; hop++) {
      if (until(at)) return at;
      const answer = await this.get(at);
      const next = answer.headers.get('location');
      await answer.arrayBuffer();
      if (next === null) return at;
      at = new URL(next, at).href;
    }
    throw new Error(`Too many redirects: ${at}`);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#cookies.get(origin)?.get(name);
  }

  set(origin: string, name: string, value: string): void {
    this.#cookies.set(origin, (this.#cookies.get(origin) ?? new Map()).set(name, value));
  }
}
