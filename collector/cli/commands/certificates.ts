import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { CertificateJson } from '../../api/resources/certificates.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface Reasoned extends QueryOptions {
  readonly reason?: string;
}

/** `vedette certificates list HOST`, `vedette certificates revoke SERIAL`. */
export function certificatesCommand(): Command {
  const command = new Command('certificates').description('certificates of agents');
  addQueryOptions(command.command('list').description('certificates issued to a host, newest first'))
    .argument('<host>', 'id of the host')
    .action(async (host: string, options: QueryOptions) => {
      const path = `/hosts/${encodeURIComponent(host)}/certificates`;
      const { items } = await clientOf(options).get<{ readonly items: readonly CertificateJson[] }>(path);
      if (options.json) {
        printJson(items);
        return;
      }
      printTable<CertificateJson>(
        [
          { title: 'serial', of: (one) => one.serial },
          { title: 'issued', of: (one) => shortTime(one.issuedAt) },
          { title: 'until', of: (one) => shortTime(one.expiresAt) },
          { title: '', of: (one) => (one.revokedAt === null ? '' : 'revoked') },
        ],
        items,
        'No certificate of this host is on record.',
      );
    });
  addQueryOptions(command.command('revoke').description('revoke one certificate; the host keeps its others'))
    .argument('<serial>', 'serial or SHA-256 fingerprint, hexadecimal')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (serial: string, options: Reasoned) => {
      const path = `/certificates/${encodeURIComponent(serial)}/revoke`;
      const revoked = await clientOf(options).call<CertificateJson>(
        'POST',
        path,
        {},
        { reason: options.reason },
      );
      if (options.json) printJson(revoked);
      else print(`certificate ${revoked.serial} of host ${revoked.hostId} is revoked`);
    });
  return command;
}
