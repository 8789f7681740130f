/**
 * Labels below which countries register names of others. The whole list of public suffixes changes weekly and is some
 * 10,000 lines; these few are what nearly all names with a suffix of two labels have.
 */
const secondLevels: ReadonlySet<string> = new Set([
  ...[
    'ac',
    'co',
    'com',
    'edu',
    'gob',
    'gov',
    'go',
    'gouv',
    'mil',
    'ne',
    'net',
    'nom',
    'or',
    'org',
    'sch',
    'gv',
    'ltd',
    'plc',
    'me',
    'ind',
    'firm',
    'gen',
    'nic',
    'res',
    'ernet',
    'info',
    'asn',
    'id',
    'ad',
    'ed',
    'lg',
    'gr',
    'tm',
    'asso',
    'web',
    'nhs',
    'police',
  ],
]);

/** Zones of the machine, the link or the network at home, whose names nobody registers. */
const unregistered =
  /(?:^|\.)(?:arpa|local|localhost|localdomain|lan|home|internal|intranet|corp|invalid|test)$/;

/**
 * The domain somebody registered, which a name is or lies below: `example.co.uk` of `a.b.example.co.uk`. Undefined of a
 * name without a dot, of an address, and below what is registered with nobody. Names in lower case, without a dot at
 * the end.
 */
export function registeredDomain(name: string): string | undefined {
  if (name.length > 253 || unregistered.test(name) || /^[\d.]+$/.test(name)) return undefined;
  const labels = name.split('.');
  if (labels.length < 2 || labels.some((label) => label === '')) return undefined;
  const [top = ''] = labels.slice(-1);
  const [second = ''] = labels.slice(-2);
  const isCountry = top.length === 2;
  const depth = isCountry && secondLevels.has(second) ? 3 : 2;
  return labels.length < depth ? undefined : labels.slice(-depth).join('.');
}
