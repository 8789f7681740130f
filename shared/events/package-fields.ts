import type { FieldSpec } from '../schema/spec.ts';

/** What is said of a package, whether it changed or is just there. */
export const packageFields = {
  'package.name': { type: 'keyword', required: true, max: 256, indexed: true, doc: 'Name of the package.' },
  'package.version': { type: 'keyword', max: 256, doc: 'Version, as the package system writes it.' },
  'package.type': {
    type: 'keyword',
    required: true,
    max: 32,
    doc: 'Package system: deb, rpm, apk, pacman, snap, flatpak, npm, pip, gem, or what the provider names.',
  },
  'package.architecture': { type: 'keyword', max: 32, doc: 'Architecture the package is for.' },
  'package.size': { type: 'int', doc: 'Installed size in bytes.' },
  'package.maintainer': { type: 'keyword', max: 512, doc: 'Who maintains it, as the package says.' },
  'package.origin': {
    type: 'keyword',
    max: 512,
    doc: 'Repository it can be had from, as the package system knows; `unknown` when none of them offers this version.',
  },
  'package.signature': {
    type: 'keyword',
    max: 512,
    doc: 'How it was verified at its installation, where the package system keeps that: the key that signed it, the kind of check, or `none`.',
  },
  'package.installed': { type: 'time', doc: 'When it was installed, where the package system keeps that.' },
} as const satisfies Record<string, FieldSpec>;
