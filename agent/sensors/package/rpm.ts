import type { PackageFacts } from './inventory.ts';

const fields = '%{NAME}\\t%{EPOCH}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SIZE}\\t%{VENDOR}\\t%{INSTALLTIME}';
const signature = '%|RSAHEADER?{%{RSAHEADER:pgpsig}}:{%|DSAHEADER?{%{DSAHEADER:pgpsig}}:{none}|}|';

/** Arguments that make rpm print one line per package, fields between tabs (rpm-queryformat(7)). */
export const rpmQuery = ['-qa', '--qf', `${fields}\\n`] as const;
/** The same with the signature, whose tags not every rpm knows. */
export const rpmSignedQuery = ['-qa', '--qf', `${fields}\\t${signature}\\n`] as const;

/** One line of that output; undefined for lines of another form and for the keys rpm keeps as packages. */
export function rpmRow(line: string): PackageFacts | undefined {
  const [name, epoch, version, architecture, size, vendor, installTime, signature] = line.split('\t');
  if (!name || version === undefined || installTime === undefined || name === 'gpg-pubkey') return undefined;
  return {
    type: 'rpm',
    name,
    version: known(epoch) === undefined || epoch === '0' ? version : `${epoch}:${version}`,
    architecture: known(architecture),
    sizeBytes: whole(size),
    maintainer: known(vendor),
    installedAt: whole(installTime, 1_000_000),
    signature: signature || undefined,
  };
}

function known(text: string | undefined): string | undefined {
  return text === '(none)' || text === '' ? undefined : text;
}

function whole(text: string | undefined, factor = 1): number | undefined {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) * factor : undefined;
}
