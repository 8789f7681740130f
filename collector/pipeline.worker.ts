/** Entry of the pipeline thread: wires journal, control store, rules and detector. */
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import type { RuleHeader, RuleSet } from '#shared/sigma/index.ts';
import { createDetector } from './detect/detector.ts';
import { KeyRing } from './encryption/key-ring.ts';
import type { PipelineInput, PipelineOptions, PipelineOutput } from './ingest/messages.ts';
import { PipelineLoop } from './ingest/pipeline-loop.ts';
import { loadRules } from './rules/load.ts';
import type { RuleSummary } from './store/contract.ts';
import { openControlStore } from './store/control/open.ts';
import { endAtOnce } from './store/failed-sync.ts';
import { FreeRoom } from './store/free-room.ts';
import { openJournalReader } from './store/journal/reader.ts';
import { openJournalWriter } from './store/journal/writer.ts';

const port = parentPort;
if (port === null) throw new Error('pipeline.worker.ts runs as a worker thread only');
const options = workerData as PipelineOptions;
const post = (message: PipelineOutput) => port.postMessage(message);

function summaries({ rules, correlations }: RuleSet): RuleSummary[] {
  const summary = ({ id, title, level, tags, file }: RuleHeader) => ({ id, title, level, tags, file });
  return [
    ...rules.map(({ rule }) => ({ ...summary(rule), logsource: rule.logsource })),
    ...correlations.map(({ rule }) => ({ ...summary(rule), logsource: {} })),
  ];
}

async function start(): Promise<PipelineLoop> {
  const ring = new KeyRing(options.keyFile);
  const writer = openJournalWriter(options.journalPath, endAtOnce, ring);
  const reader = openJournalReader(options.journalPath, ring);
  // Detection repeats after a power cut from wherever its last durable commit was, so it need not wait for the disk.
  const control = await openControlStore(options.controlPath, {
    durable: false,
    onFailedSync: endAtOnce,
    ring,
  });
  const { ruleSet, problems } = await loadRules(options.rulePaths, options.listPaths, options.pipelineUses);
  const makeDetector = () =>
    createDetector(ruleSet, {
      onFault: ({ ruleId, ruleTitle, error }) => {
        const detail = `${ruleTitle} (${ruleId}) failed and was set aside: ${(error as Error).message}.`;
        post({ kind: 'problem', code: 'rule.failed', detail });
      },
    });
  const room = new FreeRoom(dirname(options.journalPath), options.minFreeBytes);
  const hasRoom = () => room.isEnough;
  const loop = new PipelineLoop({ writer, reader, control, makeDetector, post, hasRoom });
  await loop.open();
  post({ kind: 'ready', loaded: { rules: summaries(ruleSet), problems }, sealable: loop.sealable });
  return loop;
}

try {
  const loop = await start();
  port.on('message', (message: PipelineInput) => {
    if (message.kind === 'batch') loop.add(message);
    else if (message.kind === 'marks') void loop.settle(message);
    else void loop.close().then(() => port.close());
  });
} catch (error) {
  const known =
    error instanceof VedetteError ? error : new VedetteError('internal', (error as Error).message);
  post({ kind: 'refused', error: { code: known.code, detail: known.detail } });
}
