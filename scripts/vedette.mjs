#!/usr/bin/env node
// The one command. Kept in plain JavaScript: it may be started by a Node that cannot run the rest, and then it
// hands over to the pinned one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { currentBundle } from './agent-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
const wanted = 24;

/**
 * Keeps the garbage of a collector's main thread small: what thousands of connections leave behind would make V8 grow
 * the space for new objects to 64 MiB, which it hardly gives back. Before anything is loaded, for loading grows it too.
 * Threads begin with the room for what they decode that they would grow to anyway.
 */
function boundYoungGeneration() {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--min-semi-space-size=16');
}

function handOver() {
  if (!existsSync(pinned) || process.env.VEDETTE_HANDED_OVER === '1') {
    console.error(
      'vedette: Node 24 is needed and not set up here. Run `npm run setup` in the checkout first.',
    );
    process.exit(1);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, VEDETTE_HANDED_OVER: '1' },
    shell: process.platform === 'win32',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
}

if (Number(process.versions.node.split('.')[0]) < wanted) {
  handOver();
} else if (!existsSync(join(root, 'node_modules', 'commander'))) {
  console.error('vedette: the dependencies are not set up. Run `npm run setup` in the checkout first.');
  process.exit(1);
} else {
  const [command, ...rest] = process.argv.slice(2);
  const ofCollector = rest.some((word) => /^--(new-token|list|revoke)(=|$)/.test(word));
  if (command === 'collector' || command === 'up') boundYoungGeneration();
  const isAgent = command === 'agent' || (command === 'enroll' && !ofCollector);
  const bundle = isAgent ? currentBundle() : undefined;
  // Without either every process loads what strips types, 30 MB of it; the agent does without the cache, which keeps
  // what it read for as long as the process lives.
  if (bundle === undefined) module.enableCompileCache(join(root, '.cache', 'compile'));
  const source = isAgent ? '../agent/cli.ts' : '../collector/cli/main.ts';
  const { runCli } = await import(bundle === undefined ? source : pathToFileURL(bundle).href);
  await runCli(process.argv);
}
