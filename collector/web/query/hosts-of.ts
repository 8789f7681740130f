/** Hosts as somebody writes them, by commas or spaces; none means all. */
export function hostsOf(text: string): readonly string[] {
  const hosts = text.split(/[\s,]+/).filter((one) => one !== '');
  return hosts.length === 0 ? ['all'] : hosts;
}
