import { apiPage } from './api.ts';
import { cliPage } from './cli.ts';
import { configPage } from './config.ts';
import { errorsPage } from './errors.ts';
import { tablesPage } from './tables.ts';

/** The reference pages that are made from the running code, as path and text. */
export async function pages(): Promise<readonly (readonly [path: string, text: string])[]> {
  return [
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/config.md', configPage()],
    ['docs/reference/cli.md', await cliPage()],
    ['docs/reference/api.md', apiPage()],
    ['docs/reference/tables.md', tablesPage()],
  ];
}
