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
/** Without what is kept here every process loads what strips types, 30 MB of it. */
const compileCache = join(root, '.cache', 'compile');
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

/** glibc gives what is at least this large, the buffers of a connection, pages of its own, and takes them back whole. */
const ownPagesFrom = '16384';

/**
 * Starts the collector anew in this very process with what is read but once: a setting of glibc (mallopt(3)) without
 * which the buffers of thousands of connections lie scattered between things that stay, a tenth of their memory, and
 * the compile cache, which threads take from the environment only.
 */
function boundAllocations() {
  const name = 'MALLOC_MMAP_THRESHOLD_';
  const { env } = process;
  if (env.VEDETTE_ALLOCATIONS === undefined && env[name] === undefined && process.execve !== undefined) {
    // It is told to be experimental at each call; where it fails, nothing has changed.
    const { emitWarning } = process;
    process.emitWarning = () => undefined;
    const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    try {
      process.execve(process.execPath, args, {
        ...{ NODE_COMPILE_CACHE: compileCache, ...env },
        ...{ [name]: ownPagesFrom, VEDETTE_ALLOCATIONS: 'bound' },
      });
    } catch {
      process.emitWarning = emitWarning;
    }
  }
  // Not for what it starts: a hunt has large pieces of memory for moments.
  if (env.VEDETTE_ALLOCATIONS === 'bound') delete env[name];
  delete env.VEDETTE_ALLOCATIONS;
}

/**
 * An agent does without the compilers that optimize and keeps the space for new objects small; whoever starts it with
 * flags of Node or variables of glibc can have it smaller still. See collector/cli/agent-child.ts for what each is worth.
 */
function boundAgent() {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-turbofan');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--flush-baseline-code');
  setFlagsFromString('--bytecode-old-age=1');
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
  if (command === 'collector' || command === 'up') {
    if (process.platform === 'linux') boundAllocations();
    boundYoungGeneration();
  }
  const isAgent = command === 'agent' || (command === 'enroll' && !ofCollector);
  if (command === 'agent') boundAgent();
  const bundle = isAgent ? currentBundle() : undefined;
  // The agent does without the cache, which keeps what it read for as long as the process lives.
  if (bundle === undefined) module.enableCompileCache(compileCache);
  const source = isAgent ? '../agent/cli.ts' : '../collector/cli/main.ts';
  const { runCli } = await import(bundle === undefined ? source : pathToFileURL(bundle).href);
  await runCli(process.argv);
}
