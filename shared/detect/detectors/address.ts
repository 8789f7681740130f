/** Whether an address stays on the machine or its link: loopback, link-local, multicast, broadcast or none. */
export function isLocalAddress(ip: string): boolean {
  // Most addresses are told by their first letters alone.
  const first = ip.charCodeAt(0);
  if (first === one) return ip.startsWith('127.') || ip.startsWith('169.254.');
  if (first > two && first <= nine) return false;
  return /^(?:0\.|2(?:2[4-9]|3\d)\.|255\.|::1?$|fe[89ab]|ff|::ffff:127\.)/i.test(ip);
}

const [one, two, nine] = [49, 50, 57];
const dot = '.';

/** The network an address is in, as far as people would call it one place: /24 of IPv4, /48 of IPv6. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) {
    const third = ip.indexOf(dot, ip.indexOf(dot, ip.indexOf(dot) + 1) + 1);
    return third < 0 ? `${ip}.0/24` : `${ip.slice(0, third)}.0/24`;
  }
  const [head = ''] = ip.split('::');
  const parts = head.split(':').slice(0, 3);
  while (parts.length < 3) parts.push('0');
  return `${parts.map((part) => part || '0').join(':')}::/48`;
}
