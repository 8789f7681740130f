/** Entry of the pipeline thread: wires journal, control store, rules and detector. */
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { nowUs } from '#shared/clock.ts';
import { noAdvisories } from '#shared/detect/detectors/advisory/none.ts';
import type { ExceptionOf } from '#shared/detect/hit-fold.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import { failureOf, type RuleSet } from '#shared/sigma/index.ts';
import { Advisories } from './advisories/advisories.ts';
import { AlertUpdates } from './alerts/alert-updates.ts';
import { ExceptionSet, subjectOfAlert } from './alerts/exception-set.ts';
import type { Detector } from './detect/contract.ts';
import { createDetector } from './detect/detector.ts';
import { KeyRing } from './encryption/key-ring.ts';
import type { PipelineInput, PipelineOptions, PipelineOutput, SwitchInput } from './ingest/messages.ts';
import { PipelineLoop } from './ingest/pipeline-loop.ts';
import { ruleSummaries, rulesInForce, rulesOfBundle } from './rules/rules-in-force.ts';
import type { ControlStore, NewAlert } from './store/contract.ts';
import { openControlStore } from './store/control/open.ts';
import { endAtOnce } from './store/failed-sync.ts';
import { FreeRoom } from './store/free-room.ts';
import { openJournalReader } from './store/journal/reader.ts';
import { openJournalWriter } from './store/journal/writer.ts';

const port = parentPort;
if (port === null) throw new Error('pipeline.worker.ts runs as a worker thread only');
const options = workerData as PipelineOptions;
/** An alert that goes on is told of some times a second, not once for each batch: it is large, and the main thread has more to do. */
const updateMs = 300;
const updates = new AlertUpdates(
  (raised) => port.postMessage({ kind: 'alerts', alerts: [raised] }),
  updateMs,
);

function post(message: PipelineOutput): void {
  if (message.kind === 'alerts') for (const raised of message.alerts) updates.add(raised);
  else port?.postMessage(message);
}

const advisories = options.advisoryFile === undefined ? undefined : new Advisories(options.advisoryFile);

interface Running {
  readonly loop: PipelineLoop;
  /** Puts the rules of a bundle in force. Throws `rules.*`, `data.*`. */
  readonly switchTo: (input: SwitchInput) => Promise<void>;
}

let exceptions = new ExceptionSet([]);
const exceptionOf: ExceptionOf = ({ id }, hit, key) => exceptions.idOf({ ...hit, ruleId: id, key }, nowUs());

function detectorOf(ruleSet: RuleSet): () => Detector {
  return () =>
    createDetector(ruleSet, {
      advisories: advisories ?? noAdvisories,
      onFault: ({ ruleId, ruleTitle, error }) => {
        post({ kind: 'problem', ...failureOf(`${ruleTitle} (${ruleId})`, error) });
      },
      exceptionOf,
    });
}

async function start(): Promise<Running> {
  const ring = new KeyRing(options.keyFile);
  const writer = openJournalWriter(options.journalPath, endAtOnce, ring);
  const reader = openJournalReader(options.journalPath, ring);
  // Detection repeats after a power cut from wherever its last durable commit was, so it need not wait for the disk.
  const control = await openControlStore(options.controlPath, {
    durable: false,
    onFailedSync: endAtOnce,
    ring,
    alertBounds: options.alertBounds,
  });
  exceptions = new ExceptionSet(await control.alertExceptions.list());
  await advisories?.load();
  advisories?.watch((error) =>
    post({ kind: 'problem', code: 'data.unreadable', detail: `Advisories: ${(error as Error).message}.` }),
  );
  const { ruleSet, problems, bundle } = await rulesInForce(control.bundles, options);
  const makeDetector = detectorOf(ruleSet);
  const room = new FreeRoom(dirname(options.journalPath), options.minFreeBytes);
  const hasRoom = () => room.isEnough;
  const hiddenBy = (alert: NewAlert) => exceptions.idOf(subjectOfAlert(alert), nowUs());
  const loop = new PipelineLoop({ writer, reader, control, makeDetector, post, hasRoom, hiddenBy });
  await loop.open();
  const loaded = { rules: ruleSummaries(ruleSet), problems, bundle };
  post({ kind: 'ready', loaded, sealable: loop.sealable });
  return { loop, switchTo: (input) => switchTo(input, loop, control) };
}

async function switchTo(input: SwitchInput, loop: PipelineLoop, control: ControlStore): Promise<void> {
  const { version, digest, by, reason, isRollback, content, trust } = input;
  const { ruleSet, problems } = rulesOfBundle(content, digest);
  const refused = problems.find(({ severity }) => severity === 'error');
  if (refused !== undefined)
    throw new VedetteError('rules.refused', `${refused.file}:${refused.line}: ${refused.message}`);
  let at = 0;
  await loop.switchTo(detectorOf(ruleSet), async (cursor, snapshot) => {
    at = nowUs();
    const made = { version, digest, at, by, reason, cursor };
    const detail = { digest, cursor, ...(reason !== '' && { reason }) };
    const action = isRollback ? 'bundle.rollback' : 'bundle.activate';
    const entry = { at, actor: by, action, target: `bundle ${version}`, detail };
    await control.bundles.activate({ ...made, content, trust, snapshot }, entry);
  });
  const loaded = { rules: ruleSummaries(ruleSet), problems, bundle: { version, digest, at } };
  post({ kind: 'switched', loaded, sealable: loop.sealable });
}

function coded(error: unknown): { readonly code: ErrorCode; readonly detail: string } {
  if (error instanceof VedetteError) return { code: error.code, detail: error.detail };
  return { code: 'internal', detail: (error as Error).message };
}

function end(): void {
  updates.close();
  port?.close();
}

try {
  const { loop, switchTo: takeUp } = await start();
  port.on('message', (message: PipelineInput) => {
    if (message.kind === 'batch') loop.add(message);
    else if (message.kind === 'marks') void loop.settle(message);
    else if (message.kind === 'exceptions') exceptions = new ExceptionSet(message.exceptions);
    else if (message.kind === 'switch')
      void takeUp(message).catch((error: unknown) => post({ kind: 'unswitched', error: coded(error) }));
    else void loop.close().then(end);
  });
} catch (error) {
  post({ kind: 'refused', error: coded(error) });
}
