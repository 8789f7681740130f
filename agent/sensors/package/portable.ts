import type { Provider } from '../provider.ts';
import { toolOutput } from '../tool.ts';
import { Inventory, type PackageFacts } from './inventory.ts';
import { rpmQuery, rpmRow } from './rpm.ts';

/** A tool that lists packages: systeminformation and its like know none, so the system's own is run. */
interface PackageTool {
  readonly command: string;
  readonly args: readonly string[];
  readonly parse: (output: string) => PackageFacts[];
}

const dpkgQuery: PackageTool = {
  command: 'dpkg-query',
  args: [
    '-W',
    '-f',
    `${['Package', 'Version', 'Architecture', 'Installed-Size', 'Maintainer', 'db:Status-Status'].map((name) => `\${${name}}`).join('\t')}\n`,
  ],
  parse: (output) =>
    rows(output, '\t').flatMap(([name = '', version, architecture, size, maintainer, status]) =>
      status === undefined || status === 'not-installed' || status === 'config-files'
        ? []
        : [
            {
              type: 'deb',
              name,
              version,
              architecture,
              sizeBytes: /^\d+$/.test(size ?? '') ? Number(size) * 1024 : undefined,
              maintainer: maintainer || undefined,
            },
          ],
    ),
};

const rpm: PackageTool = {
  command: 'rpm',
  args: rpmQuery,
  parse: (output) =>
    output
      .split('\n')
      .map(rpmRow)
      .filter((row) => row !== undefined),
};

const brew: PackageTool = {
  command: 'brew',
  args: ['list', '--versions'],
  parse: (output) =>
    rows(output, ' ').map(([name = '', ...versions]) => ({ type: 'brew', name, version: versions.at(-1) })),
};

/** macOS installer receipts: names only. */
const pkgutil: PackageTool = {
  command: 'pkgutil',
  args: ['--pkgs'],
  parse: (output) => rows(output, '\t').map(([name = '']) => ({ type: 'pkg', name, version: undefined })),
};

/** Programs in the registry's list of what can be uninstalled. */
function registry(key: string): PackageTool {
  return {
    command: 'reg',
    args: ['query', key, '/s'],
    parse: (output) =>
      output.split(/\r?\n\r?\n/).flatMap((block) => {
        const value = (name: string) =>
          new RegExp(`^\\s+${name}\\s+REG_\\w+\\s+(.+?)\\s*$`, 'm').exec(block)?.[1];
        const name = value('DisplayName');
        const version = value('DisplayVersion');
        return name === undefined ? [] : [{ type: 'windows', name, version, maintainer: value('Publisher') }];
      }),
  };
}

const uninstall = 'Microsoft\\Windows\\CurrentVersion\\Uninstall';
const tools: Readonly<Partial<Record<NodeJS.Platform, readonly PackageTool[]>>> = {
  linux: [dpkgQuery, rpm],
  darwin: [brew, pkgutil],
  win32: [registry(`HKLM\\SOFTWARE\\${uninstall}`), registry(`HKLM\\SOFTWARE\\WOW6432Node\\${uninstall}`)],
};

/** Packages by running the system's own tools. */
export function packagePortable(): Provider {
  const inventory = new Inventory();
  let usable: readonly PackageTool[] = [];
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      const candidates = tools[process.platform] ?? [];
      const outputs = await Promise.all(candidates.map(({ command, args }) => toolOutput(command, args)));
      usable = candidates.filter((_, i) => (outputs[i] ?? '') !== '');
      const names = candidates.map(({ command }) => command).join(', ');
      return usable.length > 0 ? undefined : `no tool here lists packages (${names || 'none is known'})`;
    },
    async look(emit) {
      const found: PackageFacts[] = [];
      for (const { command, args, parse } of usable) {
        const output = await toolOutput(command, args);
        if (output === undefined) throw new Error(`${command} failed`);
        found.push(...parse(output));
      }
      inventory.renew(found, emit);
    },
    note: () => undefined,
    async close() {},
  };
}

/** Lines cut at a separator, without empty ones. */
function rows(output: string, separator: string): string[][] {
  return output
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(separator));
}
