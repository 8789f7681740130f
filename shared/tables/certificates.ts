import type { TableSpec } from './spec.ts';

export const certificates = {
  name: 'certificates',
  doc: 'Certificates the system trusts.',
  system: 'linux',
  columns: {
    common_name: ['text', 'Name of the subject.'],
    subject: ['text', 'Subject.'],
    issuer: ['text', 'Issuer.'],
    ca: ['integer', '1 for an authority.'],
    self_signed: ['integer', '1 when it signs itself.'],
    not_valid_before: ['integer', 'In seconds since the epoch.'],
    not_valid_after: ['integer', 'In seconds since the epoch.'],
    key_algorithm: ['text', 'Kind of key.'],
    key_strength: ['text', 'Bits of the key, or its curve.'],
    sha1: ['text', 'Fingerprint.'],
    sha256: ['text', 'Fingerprint.'],
    serial: ['text', 'Serial number, hexadecimal.'],
    path: ['text', 'File.'],
  },
} as const satisfies TableSpec;
