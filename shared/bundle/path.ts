import { bundleBounds } from './bounds.ts';

/** Folders of a bundle with what they hold. */
export const bundleFolders = {
  rules: 'Sigma rules, correlations and filters',
  pipelines: 'pipelines the rules go through',
  lists: 'values of placeholders',
  detectors: 'parameters of detectors',
  indicators: 'indicators of compromise',
  settings: 'settings of sensors',
  responses: 'templates of responses',
} as const;

/** Names that Windows keeps for devices, whatever follows the first dot. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Characters no path may have: controls, and those that some system gives a meaning. */
const forbidden = /[\p{Cc}\\:*?"<>|]/u;

/**
 * Why a path may not stand in a bundle; undefined when it may. A path is relative, of at least a folder and a name
 * joined by `/`, in Unicode's NFC, and means the same file on every system.
 */
export function pathProblem(path: string): string | undefined {
  if (!path.isWellFormed() || path.normalize('NFC') !== path) return 'It is not Unicode text in NFC.';
  if (Buffer.byteLength(path) > bundleBounds.pathBytes)
    return `It is longer than ${bundleBounds.pathBytes} bytes.`;
  if (forbidden.test(path)) return 'It has a character that no path may have.';
  const parts = path.split('/');
  if (parts.length < 2) return 'It is in no folder.';
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'It is absolute, or has an empty part, "." or "..".';
  if (parts.some((part) => /[. ]$/.test(part) || deviceName.test(part)))
    return 'A part ends with a dot or space, or is the name of a device.';
  return undefined;
}

/** What is the same for paths that some systems take for one file. */
export function foldedPath(path: string): string {
  return path.toLowerCase().toUpperCase().normalize('NFC');
}
