/** Bounds on what a bundle may hold; one that goes beyond any of them is neither made nor opened. */
export const bundleBounds = {
  /** Signed roots, manifest and statement together. */
  headBytes: 8 << 20,
  /** All files together. They are not compressed, so a bundle never grows when it is opened. */
  contentBytes: 32 << 20,
  fileBytes: 8 << 20,
  files: 20_000,
  pathBytes: 255,
  /** Roots a bundle carries, so that whoever trusts an older one can follow. */
  roots: 64,
  keys: 32,
  signatures: 64,
  /** Nesting of signed documents. */
  depth: 8,
} as const;
