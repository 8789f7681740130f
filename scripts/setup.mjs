/**
 * Makes a checkout ready: packages at the locked versions, the few build steps that are needed, the dashboard.
 * Plain JavaScript, because it runs on whatever Node the machine has (20 or later) before anything is installed.
 * Quick when nothing changed; writes only inside the checkout.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const bin = join(modules, '.bin');
const isWindows = process.platform === 'win32';
const oldestStarter = 20;

/**
 * Packages are installed with --ignore-scripts; these are the only build steps that run, each with its reason.
 * `inputs` are the files, and `state` the rest, whose change makes it run again.
 */
const steps = [
  {
    name: 'packages',
    why: 'the locked dependencies, among them the pinned Node 24',
    inputs: ['package.json', 'package-lock.json', '.npmrc'],
    isMade: () => existsSync(join(bin, isWindows ? 'node.cmd' : 'node')),
    run: () => npm('ci', '--ignore-scripts', '--loglevel=error'),
  },
  {
    name: 'test runner',
    why: 'tap writes its test class from the plugins chosen in .taprc; without this it would load its own TypeScript compiler',
    inputs: ['package-lock.json', '.taprc'],
    isMade: () => true,
    run: () => tool('tap', 'build'),
  },
  {
    name: 'packet capture',
    why: "pcap is native code without a prebuilt file; it is compiled against the pinned Node's headers",
    inputs: ['package-lock.json'],
    // Tried again once the headers are there.
    state: () => String(hasPcapHeaders()),
    isMade: () => true,
    run: buildPcap,
  },
  {
    name: 'compiled code',
    why: 'so that no process has to load the stripper of types, which takes 30 MB',
    inputs: ['package-lock.json', 'scripts/warm.mjs', 'agent', 'collector', 'shared'],
    isMade: () => existsSync(join(root, '.cache', 'compile')),
    run: () => tool('node', 'scripts/warm.mjs'),
  },
  {
    name: 'agent',
    why: 'in few files without types, which saves a host 5 MB of memory',
    inputs: ['package-lock.json', 'scripts/agent-bundle.mjs', 'agent', 'shared'],
    isMade: () => existsSync(join(root, '.cache', 'agent', 'made-of.json')),
    run: () => tool('node', 'scripts/agent-bundle.mjs'),
  },
  {
    name: 'dashboard',
    why: 'the browser gets one bundle, built from collector/web',
    inputs: ['package-lock.json', 'collector/web'],
    isMade: () => existsSync(join(root, 'collector/web/dist/index.html')),
    run: () => tool('vite', 'build', 'collector/web', '--logLevel', 'warn'),
  },
];

class SetupError extends Error {}

const lockPath = join(root, '.cache', 'setup.lock');

/** Runs a command to its end. Its pid goes into the lock, because it may outlive a set-up that was killed. */
async function call(command, args, env = process.env) {
  const child = spawn(command, args, { cwd: root, env, shell: isWindows, stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(lockPath, `${process.pid} ${child.pid ?? ''}`);
  let said = '';
  const hear = (part) => {
    said = (said + part).slice(-4000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  child.on('error', (error) => hear(error.message));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new SetupError(`${command} ${args.join(' ')} failed:\n${said.trim()}`);
}

function withBin() {
  return { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
}

function npm(...args) {
  const script = process.env.npm_execpath;
  const env = { ...process.env, npm_config_cache: join(root, '.cache', 'npm'), npm_config_logs_max: '0' };
  return script?.endsWith('.js') ? call(process.execPath, [script, ...args], env) : call('npm', args, env);
}

function tool(name, ...args) {
  return call(join(bin, isWindows ? `${name}.cmd` : name), args, withBin());
}

function hasPcapHeaders() {
  return ['/usr/include/pcap.h', '/usr/include/pcap/pcap.h', '/usr/local/include/pcap.h'].some((path) =>
    existsSync(path),
  );
}

/** Builds pcap if this machine has what that takes; the product works without. Gives the line to print. */
/** The build would take npm's settings before the arguments it is given: Debian's npm has a `nodedir` of its own. */
function withoutNpmSettings(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_(package_)?config_/i.test(name)));
}

async function buildPcap() {
  const folder = join(modules, 'pcap');
  const skipped = (reason) => `packet capture: skipped, ${reason}`;
  if (!existsSync(folder)) return skipped('the optional package is not installed on this platform');
  if (!hasPcapHeaders()) {
    return skipped(
      "libpcap's headers are not here (Debian: apt-get install libpcap-dev); everything else works",
    );
  }
  const nodedir = join(modules, `node-${process.platform}-${process.arch}`);
  const gyp = join(modules, 'node-gyp', 'bin', 'node-gyp.js');
  try {
    const args = [
      gyp,
      'rebuild',
      `--directory=${folder}`,
      `--nodedir=${nodedir}`,
      `--devdir=${join(root, '.cache/gyp')}`,
    ];
    await call(join(bin, 'node'), args, withoutNpmSettings(withBin()));
    return 'packet capture: built';
  } catch (error) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    writeFileSync(join(root, '.cache', 'pcap-build.log'), String(error.message));
    return skipped('it did not compile (.cache/pcap-build.log says why); everything else works');
  }
}

function* filesBelow(path) {
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    if (entry !== 'dist' && entry !== 'node_modules') yield* filesBelow(join(path, entry));
  }
}

function fingerprint(step) {
  const hash = createHash('sha256').update(
    `${step.name} ${process.platform} ${process.arch} ${step.state?.() ?? ''}`,
  );
  for (const input of step.inputs) {
    const path = join(root, input);
    if (!existsSync(path)) continue;
    for (const file of filesBelow(path)) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function stampOf(step) {
  return join(modules, '.vedette', step.name.replaceAll(' ', '-'));
}

function isCurrent(step) {
  try {
    return readFileSync(stampOf(step), 'utf8') === fingerprint(step) && step.isMade();
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Whether the set-up that took the lock, or a command it left behind, still runs. */
function hasLiveOwner() {
  try {
    const text = readFileSync(lockPath, 'utf8').trim();
    // Empty for the moment between its making and its writing; for longer after a full disk.
    if (text === '') return Date.now() - statSync(lockPath).mtimeMs < 5000;
    return text.split(' ').some((pid) => isAlive(Number(pid)));
  } catch {
    return false;
  }
}

/** One set-up at a time: waits for another that is under way, and takes over from one that died. */
function takeTurn() {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (let said = false; ; said = true) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      return () => rmSync(lockPath, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetupError(`The checkout cannot be written: ${error.message}.`);
    }
    if (!hasLiveOwner()) {
      rmSync(lockPath, { force: true });
      continue;
    }
    if (!said) console.error('set-up: another one is under way; waiting for it');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

async function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldestStarter)
    throw new SetupError(`Node ${oldestStarter} or later is needed to start; this is ${process.version}.`);
  if (steps.every(isCurrent)) return;
  const release = takeTurn();
  try {
    for (const step of steps) {
      if (isCurrent(step)) continue;
      console.error(`set-up: ${step.name} (${step.why})`);
      const began = Date.now();
      const said = await step.run();
      if (typeof said === 'string') console.error(`set-up: ${said}`);
      mkdirSync(dirname(stampOf(step)), { recursive: true });
      writeFileSync(stampOf(step), fingerprint(step));
      console.error(`set-up: ${step.name} done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    }
  } finally {
    release();
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`set-up failed: ${error.message}`);
  process.exit(1);
}
