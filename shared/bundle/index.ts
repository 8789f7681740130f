/** Bundles of rules: built, signed, trusted and opened. No I/O. */
export { bundleBounds } from './bounds.ts';
export { type BundleFacts, buildBundle, digestOf } from './build.ts';
export { type Bundle, decodeBundle, encodeBundle, maxBundleBytes } from './container.ts';
export {
  decodeDocument,
  encodeDocument,
  type SignedDocument,
  signersOf,
  unsigned,
  withSignature,
} from './document.ts';
export { generateKey, keyIdOf, publicKeyOf, type RoleName, roleNames } from './key.ts';
export {
  agentVersionPattern,
  bundleNamePattern,
  type Manifest,
  readManifest,
  type TestRecord,
} from './manifest.ts';
export {
  demandAgentVersion,
  type OpenedBundle,
  openBundle,
  openKeptBundle,
  readContent,
  type VerifiedContent,
  verifyContent,
} from './open.ts';
export { bundleFolders, pathProblem } from './path.ts';
export { type Role, type Root, type RootKey, readRoot, rootJson } from './root.ts';
export { followRoots } from './roots.ts';
export { readStatement, type Statement, statementJson } from './statement.ts';
export { decodeTrust, encodeTrust, rootOf, type Trust, trustIn } from './trust.ts';
