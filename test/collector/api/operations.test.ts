/**
 * Every operation the OpenAPI document names: asked rightly, without a credential, with an expired one, with too small a
 * role, malformed.
 */
import t from 'tap';
import {
  buildBundle,
  decodeDocument,
  encodeBundle,
  encodeDocument,
  readRoot,
  rootJson,
  type SignedDocument,
  unsigned,
} from '#shared/bundle/index.ts';
import { mayDo, type Permission, permissions } from '../../../collector/auth/permissions.ts';
import { type Rollout, type RolloutState, usualGates } from '../../../collector/rollout/contract.ts';
import { parseStages } from '../../../collector/rollout/stages.ts';
import { type Role, roles } from '../../../collector/store/contract.ts';
import { newAlert } from '../store/control/new-alert.ts';
import { type SessionKind, sampleAccounts } from './sample-accounts.ts';
import { startApi, storedEvent } from './start.ts';

interface Sample {
  readonly url: string;
  readonly body?: object;
  /** With a session of an admin made for this, where a token may not or is no fit. */
  readonly as?: SessionKind;
  /** Requests of the same operation that its schema or handler must refuse, with the code to expect. */
  readonly refused: readonly { readonly url?: string; readonly body?: unknown; readonly code: string }[];
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const strayQuery = (url: string) => ({ url: `${url}?stray=1`, code: 'api.invalid' });
const plain = (url: string): Sample => ({ url, refused: [strayQuery(url)] });

const changeOfHost = (verb: string): Sample => ({
  url: `/api/v1/hosts/h1/${verb}`,
  body: { reason: 'a reason' },
  refused: [
    { body: { reason: '' }, code: 'api.invalid' },
    { url: `/api/v1/hosts/none/${verb}`, body: {}, code: 'api.not_found' },
  ],
});

const changeOfRollout = (verb: string, from: RolloutState, wrong: RolloutState, body?: object): Sample => ({
  url: `/api/v1/rules/rollouts/ROLLOUT-${from}/${verb}`,
  refused: [
    { url: `/api/v1/rules/rollouts/none/${verb}`, body, code: 'api.not_found' },
    { url: `/api/v1/rules/rollouts/ROLLOUT-${wrong}/${verb}`, body, code: 'rollout.state' },
  ],
});

/** One that stands like this, and reaches nobody. */
const rolloutOf = (state: RolloutState): Rollout => ({
  ...{ id: `ROLLOUT-${state}`, version: 1, digest: 'd'.repeat(64), state, stage: 0, hosts: [] },
  plan: {
    stages: parseStages(['nobody-1', 'everyone']),
    ...{ soakS: 3600, gates: usualGates, expectedAlertsPerHour: null, needsApproval: state === 'waiting' },
  },
  ...{ startedAt: 1, startedBy: 'ada', approvedBy: null, stageAt: 1, ackedAt: null, reason: '' },
  ...{ usualAlertsPerHour: 0, backTo: null, changedAt: 1 },
});

/** One rule without a test, as `rules push` sends it. */
const source = encodeBundle(
  buildBundle(
    new Map([
      [
        'rules/a.yml',
        Buffer.from(
          'title: A\nid: a\nstatus: test\nlogsource: { category: process_creation }\ndetection: { s: { Image: /x }, condition: s }\nlevel: low\n',
        ),
      ],
    ]),
    { name: 'a', version: 1, expiresAt: 0, minAgentVersion: '0.1.0', untested: [], tests: [] },
  ),
);
/** A body that is sent as a table. */
class Csv extends Uint8Array {}
const csv = (text: string) => Csv.from(Buffer.from(text));
/** Stands for a bundle that the collector itself made. */
const bundleBytes = Buffer.from('BUNDLE');

const samples: Readonly<Record<string, Sample>> = {
  'POST /api/v1/session': {
    url: '/api/v1/session',
    body: { secret: 'replaced' },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { secret: 'x'.repeat(300) }, code: 'api.invalid' },
      { body: { secret: 'unknown' }, code: 'api.sign_in_refused' },
      { body: { user: 'ada' }, code: 'api.invalid' },
      { body: { secret: 'x', user: 'ada', password: 'y' }, code: 'api.invalid' },
      { body: { user: 'nobody', password: 'y' }, code: 'api.sign_in_refused' },
    ],
  },
  'GET /api/v1/sign-in': plain('/api/v1/sign-in'),
  'GET /api/v1/users': plain('/api/v1/users'),
  'POST /api/v1/users': {
    url: '/api/v1/users',
    body: { name: 'grace', role: 'analyst', displayName: 'Grace' },
    refused: [
      { body: { name: 'grace' }, code: 'api.invalid' },
      { body: { name: 'a b', role: 'viewer' }, code: 'api.invalid' },
      { body: { name: '__proto__', role: 'viewer' }, code: 'api.invalid' },
      { body: { name: 'x', role: 'owner' }, code: 'api.invalid' },
      { body: { name: 'x', role: 'viewer', displayName: 'a\u0000' }, code: 'api.invalid' },
      { body: { name: 'aDMIN', role: 'viewer' }, code: 'access.user_exists' },
      { body: { name: 'x', role: 'viewer', password: 'short' }, code: 'access.password' },
    ],
  },
  'GET /api/v1/users/{id}': {
    url: '/api/v1/users/USER',
    refused: [{ url: '/api/v1/users/none', code: 'api.not_found' }],
  },
  'PATCH /api/v1/users/{id}': {
    url: '/api/v1/users/USER',
    body: { displayName: 'Other' },
    refused: [
      { body: { name: 'other' }, code: 'api.invalid' },
      { body: { disabled: 'yes' }, code: 'api.invalid' },
      { url: '/api/v1/users/none', body: { role: 'viewer' }, code: 'api.not_found' },
      { url: '/api/v1/users/ADMIN', body: { role: 'viewer' }, code: 'access.last_admin' },
      { url: '/api/v1/users/ADMIN', body: { disabled: true }, code: 'access.last_admin' },
    ],
  },
  'DELETE /api/v1/users/{id}': {
    url: '/api/v1/users/REMOVED',
    refused: [
      { url: '/api/v1/users/none', code: 'api.not_found' },
      { url: '/api/v1/users/ADMIN', code: 'access.last_admin' },
    ],
  },
  'POST /api/v1/users/{id}/sign-in-link': {
    url: '/api/v1/users/USER/sign-in-link',
    refused: [{ url: '/api/v1/users/none/sign-in-link', code: 'api.not_found' }],
  },
  'DELETE /api/v1/users/{id}/second-factor': {
    url: '/api/v1/users/USER/second-factor',
    refused: [{ url: '/api/v1/users/none/second-factor', code: 'api.not_found' }],
  },
  'PUT /api/v1/account/password': {
    url: '/api/v1/account/password',
    body: { next: 'six random words for this test' },
    as: 'fresh session',
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { next: 'x'.repeat(2000) }, code: 'api.invalid' },
      { body: { next: 'six random words for this test' }, code: 'api.forbidden' },
    ],
  },
  'POST /api/v1/account/second-factor': {
    url: '/api/v1/account/second-factor',
    as: 'fresh session',
    refused: [{ code: 'api.forbidden' }],
  },
  'PUT /api/v1/account/second-factor': {
    url: '/api/v1/account/second-factor',
    body: { code: 'CODE' },
    as: 'begun session',
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { code: '000000' }, code: 'api.forbidden' },
    ],
  },
  'DELETE /api/v1/account/second-factor': {
    url: '/api/v1/account/second-factor',
    body: { code: 'LEAVING' },
    as: 'leaving session',
    refused: [{ body: { code: '000000' }, code: 'api.forbidden' }],
  },
  'POST /api/v1/account/recovery-codes': {
    url: '/api/v1/account/recovery-codes',
    body: { code: 'RECOVERY' },
    as: 'two-factor session',
    refused: [{ body: {}, code: 'api.invalid' }],
  },
  'GET /api/v1/sessions': {
    url: '/api/v1/sessions?all=true',
    as: 'session',
    refused: [{ url: '/api/v1/sessions', code: 'api.forbidden' }, strayQuery('/api/v1/sessions')],
  },
  'DELETE /api/v1/sessions/{id}': {
    url: '/api/v1/sessions/SESSION',
    as: 'session',
    refused: [
      { url: '/api/v1/sessions/none', code: 'api.not_found' },
      { url: '/api/v1/sessions/TOKEN', code: 'api.not_found' },
    ],
  },
  'GET /api/v1/tokens': {
    url: '/api/v1/tokens?all=true',
    as: 'session',
    refused: [{ url: '/api/v1/tokens', code: 'api.forbidden' }],
  },
  'POST /api/v1/tokens': {
    url: '/api/v1/tokens',
    body: { name: 'ci', scopes: ['read'] },
    as: 'session',
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { name: 'ci', scopes: ['fly'] }, code: 'api.invalid' },
      { body: { name: 'ci', service: { role: 'owner' } }, code: 'api.invalid' },
      { body: { name: 'ci' }, code: 'api.invalid' },
      {
        body: { name: 'ci', service: { role: 'viewer' }, expiresAt: '2020-01-01T00:00:00Z' },
        code: 'api.invalid',
      },
      {
        body: { name: 'ci', service: { role: 'viewer' }, expiresAt: '2999-01-01T00:00:00Z' },
        code: 'api.invalid',
      },
    ],
  },
  'DELETE /api/v1/tokens/{id}': {
    url: '/api/v1/tokens/TOKEN',
    as: 'session',
    refused: [
      { url: '/api/v1/tokens/none', code: 'api.not_found' },
      { url: '/api/v1/tokens/SESSION', code: 'api.not_found' },
    ],
  },
  'GET /api/v1/settings/access': plain('/api/v1/settings/access'),
  'PUT /api/v1/settings/access': {
    url: '/api/v1/settings/access',
    body: { allowedAddresses: ['127.0.0.0/8', '::1'], requireSecondFactor: false, sessionHours: 12 },
    refused: [
      { body: {}, code: 'api.invalid' },
      {
        body: { allowedAddresses: ['nowhere'], requireSecondFactor: false, sessionHours: 1 },
        code: 'api.invalid',
      },
      { body: { allowedAddresses: [], requireSecondFactor: false, sessionHours: 0 }, code: 'api.invalid' },
    ],
  },
  'GET /api/v1/settings/retention': plain('/api/v1/settings/retention'),
  'POST /api/v1/settings/retention/preview': {
    url: '/api/v1/settings/retention/preview',
    body: { days: 1, daysByType: { login: 400 } },
    refused: [
      { body: { days: -1 }, code: 'api.invalid' },
      { body: { daysByType: { nothing: 1 } }, code: 'api.invalid' },
      { body: { daysByType: { constructor: 1 } }, code: 'api.invalid' },
      { body: { daysByType: { login: 'x' } }, code: 'api.invalid' },
      { body: { mayDeleteEvents: 1 }, code: 'api.invalid' },
    ],
  },
  'PUT /api/v1/settings/retention': {
    url: '/api/v1/settings/retention',
    body: { days: 1, maxBytes: 1024, mayDeleteEvents: 0 },
    refused: [
      { body: { days: 1 }, code: 'retention.unconfirmed' },
      { body: { daysByType: { login: 1 } }, code: 'retention.unconfirmed' },
      { body: { maxBytes: 1.5 }, code: 'api.invalid' },
      { body: { maxBytes: 1024, mayDeleteEvents: -1 }, code: 'api.invalid' },
      { body: { daysByType: { nothing: 1 } }, code: 'api.invalid' },
    ],
  },
  'GET /api/v1/session': plain('/api/v1/session'),
  'DELETE /api/v1/session': plain('/api/v1/session'),
  'GET /api/v1/status': plain('/api/v1/status'),
  'GET /health': plain('/health'),
  'GET /health/{check}': {
    url: '/health/detection',
    refused: [{ url: '/health/none', code: 'api.not_found' }],
  },
  'GET /api/v1/health': plain('/api/v1/health'),
  'GET /api/v1/health/{check}': {
    url: '/api/v1/health/ledger/',
    refused: [{ url: '/api/v1/health/none', code: 'api.not_found' }],
  },
  'GET /api/v1/groups': plain('/api/v1/groups'),
  'GET /api/v1/groups/{name}': {
    url: '/api/v1/groups/web',
    refused: [
      { url: '/api/v1/groups/none', code: 'api.not_found' },
      { url: '/api/v1/groups/-bad', code: 'api.invalid' },
    ],
  },
  'PUT /api/v1/groups/{name}': {
    url: '/api/v1/groups/db',
    body: { hosts: ['h1'], description: 'databases' },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { hosts: ['none'] }, code: 'api.invalid' },
      { url: '/api/v1/groups/__proto__', body: { hosts: [] }, code: 'api.invalid' },
    ],
  },
  'DELETE /api/v1/groups/{name}': {
    url: '/api/v1/groups/old',
    refused: [{ url: '/api/v1/groups/none', code: 'api.not_found' }],
  },
  'GET /api/logs': plain('/api/logs'),
  'POST /api/logs': {
    url: '/api/logs',
    body: {
      action: 'file_access',
      user_id: 'ann',
      ip_address: '192.0.2.1',
      file_name: '/a',
      database_query: '',
    },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { action: 'a', stray: 1 }, code: 'api.invalid' },
      { body: { action: 'a', ip_address: 'nowhere' }, code: 'api.invalid' },
      { body: { action: 'a', timestamp: 'yesterday' }, code: 'api.invalid' },
    ],
  },
  'GET /api/logs/{id}': {
    url: '/api/logs/h1:s1:0:0',
    refused: [{ url: '/api/logs/5', code: 'api.not_found' }],
  },
  'POST /api/logs/search': {
    url: '/api/logs/search',
    body: { userId: 'root', ipAddress: '192.0.2.1', timestamp: '2026-01-01T00:00:00Z' },
    refused: [
      { body: { userId: '' }, code: 'api.invalid' },
      { body: { timestamp: 'now' }, code: 'api.invalid' },
      { body: { limit: 0 }, code: 'api.invalid' },
    ],
  },
  'POST /api/ingest': {
    url: '/api/ingest',
    body: { source_ip: '192.0.2.1', content: { event_type: 'connection', protocol: 'TCP' } },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { content: { timestamp: 'never' } }, code: 'api.invalid' },
      { body: { content: {}, source_ip: 'x' }, code: 'api.invalid' },
    ],
  },
  'GET /api/threats': plain('/api/threats'),
  'GET /api/threats/{id}': {
    url: '/api/threats/a1',
    refused: [{ url: '/api/threats/none', code: 'api.not_found' }],
  },
  'POST /api/threats/search': {
    url: '/api/threats/search',
    body: { userId: 'root' },
    refused: [{ body: { limit: 1e9 }, code: 'api.invalid' }],
  },
  'POST /api/threats': {
    url: '/api/threats',
    body: csv('action,user_id\nlogin,ann\n'),
    refused: [
      { body: csv('user_id\nann\n'), code: 'api.invalid' },
      { body: csv('action,ip_address\nlogin,nowhere\n'), code: 'api.invalid' },
      { body: csv('action\n"never closed\n'), code: 'api.invalid' },
      { body: { action: 'a' }, code: 'api.invalid' },
    ],
  },
  'GET /analysis/{kind}': {
    url: '/analysis/user/',
    refused: [{ url: '/analysis/weather', code: 'api.invalid' }],
  },
  'GET /api/v1/metrics': plain('/api/v1/metrics'),
  'GET /metrics': plain('/metrics'),
  'GET /api/v1/rates': plain('/api/v1/rates'),
  'GET /api/v1/alert-counts': plain('/api/v1/alert-counts'),
  'GET /api/v1/hosts': plain('/api/v1/hosts'),
  'GET /api/v1/hosts/{id}': {
    url: '/api/v1/hosts/h1',
    refused: [{ url: '/api/v1/hosts/none', code: 'api.not_found' }],
  },
  'GET /api/v1/hosts/{id}/rules': {
    url: '/api/v1/hosts/h1/rules',
    refused: [{ url: '/api/v1/hosts/none/rules', code: 'api.not_found' }],
  },
  'GET /api/v1/rules/hosts': plain('/api/v1/rules/hosts'),
  'POST /api/v1/hosts/{id}/revoke': changeOfHost('revoke'),
  'POST /api/v1/hosts/{id}/decommission': changeOfHost('decommission'),
  'POST /api/v1/hosts/{id}/restore': changeOfHost('restore'),
  'GET /api/v1/hosts/{id}/certificates': plain('/api/v1/hosts/h1/certificates'),
  'POST /api/v1/certificates/{id}/revoke': {
    url: '/api/v1/certificates/4a/revoke',
    body: { reason: 'lost' },
    refused: [
      { body: { reason: 5, stray: 1 }, code: 'api.invalid' },
      { url: '/api/v1/certificates/none/revoke', body: {}, code: 'api.not_found' },
    ],
  },
  'GET /api/v1/rules/stats': plain('/api/v1/rules/stats'),
  'GET /api/v1/rules/coverage': plain('/api/v1/rules/coverage'),
  'GET /api/v1/detectors': plain('/api/v1/detectors'),
  'POST /api/v1/rules/check': {
    url: '/api/v1/rules/check',
    body: { text: 'title: nothing', tests: 'cases: 1' },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { text: 'x'.repeat(300_000) }, code: 'api.invalid' },
    ],
  },
  'GET /api/v1/rules/{id}': {
    url: '/api/v1/rules/rule-1',
    refused: [{ url: '/api/v1/rules/none', code: 'api.not_found' }],
  },
  'POST /api/v1/backtests': {
    url: '/api/v1/backtests',
    body: { rules: [{ file: 'a.yml', text: 'title: nothing' }] },
    refused: [
      { body: { rules: [] }, code: 'api.invalid' },
      { body: { rules: [{ file: 'a.yml' }] }, code: 'api.invalid' },
      { body: { rules: [{ file: 'a', text: '' }], since: 'yesterday' }, code: 'api.invalid' },
      {
        body: { rules: [{ file: 'a', text: '' }], lists: [{ name: '../up', values: [] }] },
        code: 'api.invalid',
      },
      {
        body: {
          rules: [{ file: 'a', text: '' }],
          since: '2026-02-01T00:00:00Z',
          until: '2026-01-01T00:00:00Z',
        },
        code: 'api.invalid',
      },
    ],
  },
  'GET /api/v1/backtests': plain('/api/v1/backtests'),
  'GET /api/v1/backtests/{id}': {
    url: '/api/v1/backtests/BACKTEST',
    refused: [{ url: '/api/v1/backtests/none', code: 'api.not_found' }],
  },
  'DELETE /api/v1/backtests/{id}': {
    url: '/api/v1/backtests/BACKTEST',
    refused: [{ url: '/api/v1/backtests/none', code: 'api.not_found' }],
  },
  'GET /api/v1/ca': plain('/api/v1/ca'),
  'POST /api/v1/ca/rotate': {
    url: '/api/v1/ca/rotate',
    body: { overlapSeconds: 60 },
    refused: [{ body: { overlapSeconds: -1 }, code: 'api.invalid' }],
  },
  'GET /api/v1/alerts': {
    url: '/api/v1/alerts?status=open&host=h1&minLevel=low&since=2020-01-01T00:00:00Z&limit=5&tag=attack.t1059&story=s&key=k&user=root&text=shell',
    refused: [
      strayQuery('/api/v1/alerts'),
      { url: '/api/v1/alerts?status=gone', code: 'api.invalid' },
      { url: '/api/v1/alerts?limit=0', code: 'api.invalid' },
      { url: '/api/v1/alerts?since=yesterday', code: 'api.invalid' },
      { url: '/api/v1/alerts?cursor=bm9uc2Vuc2U', code: 'store.cursor_invalid' },
    ],
  },
  'GET /api/v1/exceptions': plain('/api/v1/exceptions'),
  'POST /api/v1/exceptions': {
    url: '/api/v1/exceptions',
    body: { rule: 'rule-1', filter: 'user.name:backup', reason: 'the job', expiresAt: inDays(30) },
    refused: [
      { body: { rule: 'rule-1', reason: 'no end' }, code: 'api.invalid' },
      { body: { rule: 'rule-1', expiresAt: inDays(30) }, code: 'api.invalid' },
      { body: { rule: 'rule-1', reason: 'too long', expiresAt: inDays(400) }, code: 'api.invalid' },
      { body: { rule: 'rule-1', reason: 'over', expiresAt: inDays(-1) }, code: 'api.invalid' },
      { body: { reason: 'everything', expiresAt: inDays(1) }, code: 'api.invalid' },
      { body: { rule: 'vedette-identity-cloned', reason: 'r', expiresAt: inDays(1) }, code: 'api.invalid' },
      { body: { filter: 'user.name:', reason: 'r', expiresAt: inDays(1) }, code: 'filter.syntax' },
      { body: { filter: 'host:web-1', reason: 'r', expiresAt: inDays(1) }, code: 'filter.value' },
    ],
  },
  'POST /api/v1/exceptions/preview': {
    url: '/api/v1/exceptions/preview',
    body: { rule: 'rule-1', since: '2020-01-01T00:00:00Z' },
    refused: [
      { body: { entity: 'short' }, code: 'api.invalid' },
      { body: { filter: '(' }, code: 'filter.syntax' },
    ],
  },
  'DELETE /api/v1/exceptions/{id}': {
    url: '/api/v1/exceptions/EXCEPTION',
    refused: [{ url: '/api/v1/exceptions/none', code: 'api.not_found' }],
  },
  'GET /api/v1/stories': {
    url: '/api/v1/stories?minAlerts=1&since=2020-01-01T00:00:00Z&limit=5',
    refused: [
      strayQuery('/api/v1/stories'),
      { url: '/api/v1/stories?minAlerts=0', code: 'api.invalid' },
      { url: '/api/v1/stories?cursor=bm9uc2Vuc2U', code: 'store.cursor_invalid' },
    ],
  },
  'GET /api/v1/stories/{id}': {
    url: '/api/v1/stories/a1',
    refused: [{ url: '/api/v1/stories/none', code: 'api.not_found' }],
  },
  'GET /api/v1/risk': {
    url: '/api/v1/risk?kind=host&id=h1&limit=5',
    refused: [strayQuery('/api/v1/risk'), { url: '/api/v1/risk?kind=planet', code: 'api.invalid' }],
  },
  'PATCH /api/v1/alerts': {
    url: '/api/v1/alerts',
    body: { ids: ['a1', 'gone'], status: 'acknowledged', note: 'both' },
    refused: [
      { url: '/api/v1/alerts', body: { ids: [], status: 'closed' }, code: 'api.invalid' },
      { url: '/api/v1/alerts', body: { ids: ['a1'] }, code: 'api.invalid' },
      { url: '/api/v1/alerts', body: { ids: ['a1'], status: 'gone' }, code: 'api.invalid' },
    ],
  },
  'GET /api/v1/alert-histogram': {
    url: '/api/v1/alert-histogram?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z&buckets=24',
    refused: [
      strayQuery('/api/v1/alert-histogram'),
      { url: '/api/v1/alert-histogram?buckets=0', code: 'api.invalid' },
      {
        url: '/api/v1/alert-histogram?since=2020-01-02T00:00:00Z&until=2020-01-01T00:00:00Z',
        code: 'api.invalid',
      },
    ],
  },
  'GET /api/v1/alerts/{id}': {
    url: '/api/v1/alerts/a1',
    refused: [{ url: '/api/v1/alerts/none', code: 'api.not_found' }],
  },
  'PATCH /api/v1/alerts/{id}': {
    url: '/api/v1/alerts/a1',
    body: { status: 'acknowledged', note: 'looking' },
    refused: [
      { body: { status: 'gone' }, code: 'api.invalid' },
      { body: { status: 'closed', stray: 1 }, code: 'api.invalid' },
      { body: 'not json', code: 'api.not_json' },
      { body: { status: 'closed', note: 'x'.repeat(70_000) }, code: 'api.too_large' },
      { url: '/api/v1/alerts/none', body: { status: 'closed' }, code: 'api.not_found' },
    ],
  },
  'GET /api/v1/events': {
    url: '/api/v1/events?type=process.start&type=login&host=h1&where=user.name:eq:ROOT&q=curl&limit=10',
    refused: [
      strayQuery('/api/v1/events'),
      { url: '/api/v1/events?type=nothing', code: 'event.unknown_type' },
      { url: '/api/v1/events?limit=1001', code: 'api.invalid' },
      { url: '/api/v1/events?where=user.name', code: 'api.invalid' },
      { url: '/api/v1/events?where=user.name:like:x', code: 'api.invalid' },
      { url: '/api/v1/events?where=no.such.field:exists', code: 'api.invalid' },
      { url: '/api/v1/events?until=2020-13-41T00:00:00Z', code: 'api.invalid' },
      { url: '/api/v1/events?cursor=x', code: 'store.cursor_invalid' },
      { url: '/api/v1/events?filter=proces.name:x', code: 'filter.unknown_field' },
      { url: '/api/v1/events?filter=(a', code: 'filter.syntax' },
      { url: '/api/v1/events?filter=process.pid:x', code: 'filter.value' },
      { url: `/api/v1/events?filter=${'a%20'.repeat(300)}`, code: 'filter.too_large' },
    ],
  },
  'GET /api/v1/events/counts': {
    url: '/api/v1/events/counts?filter=process.name:curl&bars=10',
    refused: [
      { url: '/api/v1/events/counts?bars=0', code: 'api.invalid' },
      { url: '/api/v1/events/counts?filter=no.such:1', code: 'filter.unknown_field' },
      { url: '/api/v1/events/counts?since=yesterday', code: 'api.invalid' },
    ],
  },
  'GET /api/v1/events/values': {
    url: '/api/v1/events/values?field=process.name',
    refused: [
      { url: '/api/v1/events/values', code: 'api.invalid' },
      { url: '/api/v1/events/values?field=no.such', code: 'filter.unknown_field' },
    ],
  },
  'GET /api/v1/events/{id}': {
    url: `/api/v1/events/${encodeURIComponent('h1:s1:0:0')}`,
    refused: [{ url: '/api/v1/events/none', code: 'api.not_found' }],
  },
  'GET /api/v1/event-types': plain('/api/v1/event-types'),
  'GET /api/v1/tree': {
    url: '/api/v1/tree?entity=entity-0&host=h1&at=2023-11-14T22:13:20Z',
    refused: [
      strayQuery('/api/v1/tree'),
      { url: '/api/v1/tree', code: 'api.invalid' },
      { url: '/api/v1/tree?pid=1', code: 'api.invalid' },
      { url: '/api/v1/tree?pid=1&alert=a1', code: 'api.invalid' },
      { url: '/api/v1/tree?pid=1&host=h1&at=noon', code: 'api.invalid' },
      { url: '/api/v1/tree?entity=x&processes=2001', code: 'api.invalid' },
      { url: '/api/v1/tree?alert=none', code: 'api.not_found' },
      { url: '/api/v1/tree?pid=1&host=none&at=2023-11-14T22:13:20Z', code: 'api.not_found' },
      { url: '/api/v1/tree?pid=1&host=h1&at=2013-11-14T22:13:20Z', code: 'tree.no_process' },
    ],
  },
  'GET /api/v1/rules': plain('/api/v1/rules'),
  'GET /api/v1/rules/bundles': plain('/api/v1/rules/bundles'),
  'GET /api/v1/rules/bundles/{version}': {
    url: '/api/v1/rules/bundles/1',
    refused: [
      { url: '/api/v1/rules/bundles/9', code: 'api.not_found' },
      { url: '/api/v1/rules/bundles/0', code: 'api.invalid' },
      { url: '/api/v1/rules/bundles/x', code: 'api.invalid' },
    ],
  },
  'GET /api/v1/rules/bundles/{version}/content': {
    url: '/api/v1/rules/bundles/1/content',
    refused: [{ url: '/api/v1/rules/bundles/9/content', code: 'api.not_found' }],
  },
  'GET /api/v1/rules/root': plain('/api/v1/rules/root'),
  'POST /api/v1/rules/bundles': {
    url: '/api/v1/rules/bundles',
    body: bundleBytes,
    refused: [
      strayQuery('/api/v1/rules/bundles'),
      { body: Buffer.from('PK'), code: 'bundle.malformed' },
      { body: source, code: 'bundle.signature' },
      { body: { json: true }, code: 'api.invalid' },
    ],
  },
  'POST /api/v1/rules/bundles/edit': {
    url: '/api/v1/rules/bundles/edit',
    body: {
      edits: [
        {
          text: 'title: B\nid: b\nstatus: test\nlogsource: { category: process_creation }\ndetection: { s: { Image: /x }, condition: s }\nlevel: low\n',
        },
      ],
      force: true,
    },
    refused: [
      { body: { edits: [] }, code: 'api.invalid' },
      { body: { edits: [{ text: 'title: nothing' }] }, code: 'rules.refused' },
    ],
  },
  'POST /api/v1/rules/bundles/build': {
    url: '/api/v1/rules/bundles/build?name=fleet&minAgentVersion=0.1.0&force=true&expiresAt=2100-01-01T00:00:00Z',
    body: source,
    refused: [
      { url: '/api/v1/rules/bundles/build', body: source, code: 'rules.untested' },
      { url: '/api/v1/rules/bundles/build?name=A%20b', body: source, code: 'api.invalid' },
      { url: '/api/v1/rules/bundles/build?minAgentVersion=1', body: source, code: 'api.invalid' },
      { url: '/api/v1/rules/bundles/build?expiresAt=soon', body: source, code: 'api.invalid' },
      {
        url: '/api/v1/rules/bundles/build?force=true&expiresAt=2000-01-01T00:00:00Z',
        body: source,
        code: 'bundle.expired',
      },
      { body: source.subarray(0, -1), code: 'bundle.truncated' },
      { body: { json: true }, code: 'api.invalid' },
    ],
  },
  'POST /api/v1/rules/bundles/{version}/activate': {
    url: '/api/v1/rules/bundles/1/activate',
    body: { reason: 'because' },
    refused: [
      { body: { reason: '' }, code: 'api.invalid' },
      { body: { rollback: 'yes please' }, code: 'api.invalid' },
      { url: '/api/v1/rules/bundles/9/activate', body: {}, code: 'api.not_found' },
    ],
  },
  'GET /api/v1/rules/rollouts': plain('/api/v1/rules/rollouts'),
  'GET /api/v1/rules/rollouts/{id}': {
    url: '/api/v1/rules/rollouts/ROLLOUT-paused',
    refused: [{ url: '/api/v1/rules/rollouts/none', code: 'api.not_found' }],
  },
  'POST /api/v1/rules/rollouts': {
    url: '/api/v1/rules/rollouts',
    body: { version: 1, stages: ['h1', 'everyone'], soakS: 3600, gates: { maxFaults: 1 } },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { version: 9 }, code: 'api.not_found' },
      { body: { version: 1, stages: ['5%'] }, code: 'rollout.plan' },
      { body: { version: 1, stages: ['nobody', 'everyone'] }, code: 'rollout.plan' },
      { body: { version: 1, gates: { maxCpuShare: 'much' } }, code: 'api.invalid' },
      { body: { version: 1, soakS: -1 }, code: 'api.invalid' },
    ],
  },
  'POST /api/v1/rules/rollouts/{id}/approve': changeOfRollout('approve', 'waiting', 'running'),
  'POST /api/v1/rules/rollouts/{id}/pause': changeOfRollout('pause', 'running', 'done'),
  'POST /api/v1/rules/rollouts/{id}/resume': changeOfRollout('resume', 'paused', 'done'),
  'POST /api/v1/rules/rollouts/{id}/rollback': {
    ...changeOfRollout('rollback', 'paused', 'rolled-back', {}),
    body: { reason: 'because' },
  },
  'POST /api/v1/rules/root': {
    url: '/api/v1/rules/root',
    body: { document: 'ROOT' },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { document: '{}' }, code: 'bundle.malformed' },
      { body: { document: 'STRANGER' }, code: 'bundle.root_unknown' },
    ],
  },
  'GET /api/v1/enrolment-tokens': plain('/api/v1/enrolment-tokens'),
  'POST /api/v1/enrolment-tokens': {
    url: '/api/v1/enrolment-tokens',
    body: { maxUses: 3, lifeSeconds: 600, hosts: 'web-*' },
    refused: [
      { body: { hosts: 'x'.repeat(200) }, code: 'api.invalid' },
      { body: { maxUses: 0 }, code: 'api.invalid' },
      { body: { lifeSeconds: 1e9 }, code: 'api.invalid' },
    ],
  },
  'DELETE /api/v1/enrolment-tokens/{id}': {
    url: '/api/v1/enrolment-tokens/t1',
    refused: [{ url: '/api/v1/enrolment-tokens/none', code: 'api.not_found' }],
  },
  'POST /api/v1/sign-in-links': {
    url: '/api/v1/sign-in-links',
    body: { name: 'admin' },
    refused: [
      { body: { role: 'king' }, code: 'api.invalid' },
      { body: { name: 'nobody' }, code: 'api.not_found' },
    ],
  },
  'POST /api/v1/hosts/{id}/commands': {
    url: '/api/v1/hosts/h1/commands',
    body: { name: 'sensor.sample', arguments: { sensor: 'process', limit: 3 }, lifeSeconds: 60 },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { name: 'agent.status', lifeSeconds: 86_401 }, code: 'api.invalid' },
      { body: { name: 'agent.status', arguments: { a: { b: 1 } } }, code: 'command.invalid' },
      { body: { name: 'constructor' }, code: 'command.invalid' },
      { body: { name: 'agent.status', arguments: { stray: 1 } }, code: 'command.invalid' },
      { body: { name: 'sensor.sample' }, code: 'command.invalid' },
      { body: { name: 'sensor.sample', arguments: { sensor: '' } }, code: 'command.invalid' },
      { body: { name: 'sensor.sample', arguments: { sensor: 'a', limit: 0 } }, code: 'command.invalid' },
      { url: '/api/v1/hosts/none/commands', body: { name: 'agent.status' }, code: 'api.not_found' },
    ],
  },
  'GET /api/v1/commands': {
    url: '/api/v1/commands?host=h1&state=queued&limit=5',
    refused: [
      strayQuery('/api/v1/commands'),
      { url: '/api/v1/commands?state=gone', code: 'api.invalid' },
      { url: '/api/v1/commands?cursor=bm9uc2Vuc2U', code: 'store.cursor_invalid' },
    ],
  },
  'GET /api/v1/commands/{id}': {
    url: '/api/v1/commands/c1',
    refused: [{ url: '/api/v1/commands/none', code: 'api.not_found' }],
  },
  'GET /api/v1/audit': {
    url: '/api/v1/audit?actor=ada&action=command.make&target=host%20h1&since=2020-01-01T00:00:00Z&limit=5',
    refused: [
      strayQuery('/api/v1/audit'),
      { url: '/api/v1/audit?limit=501', code: 'api.invalid' },
      { url: '/api/v1/audit?until=tomorrow', code: 'api.invalid' },
      { url: '/api/v1/audit?cursor=0', code: 'store.cursor_invalid' },
    ],
  },
  'GET /api/v1/audit/verification': plain('/api/v1/audit/verification'),
  'POST /api/v1/queries': {
    url: '/api/v1/queries',
    body: { sql: 'SELECT 1', hosts: ['web-*'], timeoutMs: 500, rows: 10 },
    refused: [
      { body: { sql: 'SELECT 1' }, code: 'api.invalid' },
      { body: { sql: '', hosts: ['all'] }, code: 'api.invalid' },
      { body: { sql: 'x'.repeat(4097), hosts: ['all'] }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', hosts: [] }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', hosts: ['all'], timeoutMs: 60_001 }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', hosts: ['all'], rows: 0 }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', hosts: ['all', 'db-*'] }, code: 'query.no_host' },
    ],
  },
  'GET /api/v1/queries': plain('/api/v1/queries'),
  'GET /api/v1/queries/{id}': {
    url: '/api/v1/queries/replaced',
    refused: [{ url: '/api/v1/queries/none', code: 'api.not_found' }],
  },
  'GET /api/v1/queries/{id}/results': {
    url: '/api/v1/queries/replaced/results?after=1',
    refused: [
      { url: '/api/v1/queries/none/results', code: 'api.not_found' },
      { url: '/api/v1/queries/none/results?after=-1', code: 'api.invalid' },
    ],
  },
  'DELETE /api/v1/queries/{id}': {
    url: '/api/v1/queries/replaced',
    refused: [{ url: '/api/v1/queries/none', code: 'api.not_found' }],
  },
  'GET /api/v1/query-schedules': plain('/api/v1/query-schedules'),
  'GET /api/v1/query-schedules/{name}': {
    url: '/api/v1/query-schedules/s1',
    refused: [{ url: '/api/v1/query-schedules/none', code: 'api.not_found' }],
  },
  'POST /api/v1/query-schedules': {
    url: '/api/v1/query-schedules',
    body: { name: 's2', sql: 'SELECT 1', intervalSeconds: 60, hosts: ['all'] },
    refused: [
      { body: { name: 'S 2', sql: 'SELECT 1', intervalSeconds: 60, hosts: ['all'] }, code: 'api.invalid' },
      { body: { name: 's3', sql: 'SELECT 1', intervalSeconds: 9, hosts: ['all'] }, code: 'api.invalid' },
      {
        body: { name: 's1', sql: 'SELECT 1', intervalSeconds: 60, hosts: ['all'] },
        code: 'query.name_taken',
      },
      {
        body: { name: 's3', sql: 'DROP TABLE x', intervalSeconds: 60, hosts: ['all'] },
        code: 'query.refused',
      },
      {
        body: { name: 's3', sql: 'SELECT x FROM users', intervalSeconds: 60, hosts: ['all'] },
        code: 'query.invalid',
      },
    ],
  },
  'PATCH /api/v1/query-schedules/{name}': {
    url: '/api/v1/query-schedules/s1',
    body: { enabled: false },
    refused: [
      { body: { enabled: 'no' }, code: 'api.invalid' },
      { body: { name: 's5' }, code: 'api.invalid' },
      { body: { sql: 'SELECT' }, code: 'query.invalid' },
      { url: '/api/v1/query-schedules/none', body: { enabled: true }, code: 'api.not_found' },
    ],
  },
  'DELETE /api/v1/query-schedules/{name}': {
    url: '/api/v1/query-schedules/s1',
    refused: [{ url: '/api/v1/query-schedules/none', code: 'api.not_found' }],
  },
  'POST /api/v1/hunts/run': {
    url: '/api/v1/hunts/run',
    body: { sql: 'SELECT process.name FROM process.start', since: '2020-01-01T00:00:00Z', limit: 5 },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', name: 'beacons' }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', format: 'xlsx' }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', limit: 0 }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', timeoutSeconds: 601 }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', parameters: { a: { b: 1 } } }, code: 'api.invalid' },
      { body: { sql: 'SELECT 1', since: 'yesterday' }, code: 'api.invalid' },
      { body: { sql: 'SELECT' }, code: 'hunt.invalid' },
      { body: { sql: 'SELECT nothing FROM events' }, code: 'hunt.unknown_name' },
      { body: { sql: `SELECT * FROM read_text('/etc/passwd')` }, code: 'hunt.refused' },
      { body: { sql: 'SELECT $a' }, code: 'hunt.parameter' },
      { body: { name: 'beacons', parameters: { least: 'many' } }, code: 'hunt.parameter' },
      { body: { name: 'nothing' }, code: 'api.not_found' },
    ],
  },
  'GET /api/v1/hunts/running': plain('/api/v1/hunts/running'),
  'DELETE /api/v1/hunts/running/{id}': {
    url: '/api/v1/hunts/running/RUNNING',
    refused: [{ url: '/api/v1/hunts/running/none', code: 'api.not_found' }],
  },
  'GET /api/v1/analysis/{kind}': {
    url: '/api/v1/analysis/process',
    refused: [
      { url: '/api/v1/analysis/none', code: 'api.invalid' },
      { url: '/api/v1/analysis/user?host=nobody', code: 'api.not_found' },
      {
        url: '/api/v1/analysis/user?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z',
        code: 'api.invalid',
      },
    ],
  },
  'GET /api/v1/hunt-schedules': plain('/api/v1/hunt-schedules'),
  'GET /api/v1/hunt-schedules/{hunt}': {
    url: '/api/v1/hunt-schedules/new-listeners',
    refused: [
      { url: '/api/v1/hunt-schedules/none', code: 'api.not_found' },
      { url: '/api/v1/hunt-schedules/A', code: 'api.invalid' },
    ],
  },
  'GET /api/v1/hunt-schedules/{hunt}/rows': {
    url: '/api/v1/hunt-schedules/new-listeners/rows',
    refused: [{ url: '/api/v1/hunt-schedules/none/rows', code: 'api.not_found' }],
  },
  'PUT /api/v1/hunt-schedules/{hunt}': {
    url: '/api/v1/hunt-schedules/beacons',
    body: { dailyAt: '06:30', level: 'high', parameters: { least: 5 } },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { everySeconds: 59 }, code: 'api.invalid' },
      { body: { everySeconds: 60, dailyAt: '06:30' }, code: 'api.invalid' },
      { body: { dailyAt: '24:00' }, code: 'api.invalid' },
      { body: { dailyAt: '06:30', level: 'huge' }, code: 'api.invalid' },
      { body: { dailyAt: '06:30', parameters: { least: 'many' } }, code: 'hunt.parameter' },
      { url: '/api/v1/hunt-schedules/none', body: { dailyAt: '06:30' }, code: 'api.not_found' },
    ],
  },
  'DELETE /api/v1/hunt-schedules/{hunt}': {
    url: '/api/v1/hunt-schedules/beacons',
    refused: [{ url: '/api/v1/hunt-schedules/none', code: 'api.not_found' }],
  },
  'GET /api/v1/hunts': plain('/api/v1/hunts'),
  'GET /api/v1/hunts/{name}': {
    url: '/api/v1/hunts/beacons',
    refused: [
      { url: '/api/v1/hunts/none', code: 'api.not_found' },
      { url: '/api/v1/hunts/%2e%2e', code: 'api.not_found' },
    ],
  },
  'PUT /api/v1/hunts/{name}': {
    url: '/api/v1/hunts/mine',
    body: { sql: 'SELECT $n', parameters: [{ name: 'n', type: 'int', doc: '', default: '1' }] },
    refused: [
      { body: {}, code: 'api.invalid' },
      { body: { sql: 'x'.repeat(50_000) }, code: 'api.invalid' },
      { url: '/api/v1/hunts/Mine', body: { sql: 'SELECT 1' }, code: 'api.invalid' },
      { url: '/api/v1/hunts/beacons', body: { sql: 'SELECT 1' }, code: 'api.conflict' },
      { url: '/api/v1/hunts/running', body: { sql: 'SELECT 1' }, code: 'api.conflict' },
      {
        body: { sql: 'SELECT $n', parameters: [{ name: 'n', type: 'int', doc: '', default: 'x' }] },
        code: 'hunt.parameter',
      },
    ],
  },
  'DELETE /api/v1/hunts/{name}': {
    url: '/api/v1/hunts/saved',
    refused: [
      { url: '/api/v1/hunts/none', code: 'api.not_found' },
      { url: '/api/v1/hunts/beacons', code: 'api.conflict' },
    ],
  },
};

/** Of those that are no GET: what only looks at what it is given, or is told of elsewhere. */
const changesNothing: ReadonlySet<string> = new Set([
  'POST /api/v1/settings/retention/preview',
  'POST /api/v1/exceptions/preview',
  'POST /api/v1/rules/check',
  // The tests' own CA.
  'POST /api/v1/ca/rotate',
  // It has ended by itself by then.
  'DELETE /api/v1/queries/{id}',
  'POST /api/logs/search',
  'POST /api/threats/search',
  // What is reported is stored as events, as what agents report is.
  'POST /api/logs',
  'POST /api/ingest',
]);

interface Documented {
  readonly summary: string;
  readonly description: string;
}
type OpenApi = { openapi: string; paths: Record<string, Record<string, Documented>> };

t.test('every operation', async (t) => {
  const api = await startApi(t);
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  await api.deps.control.detection.commit(1, [newAlert('a1')]);
  const { firstEventAt, lastEventAt } = newAlert('a1');
  await api.deps.control.stories.place([{ alertId: 'a1', firstEventAt, lastEventAt, relations: [] }]);
  await api.deps.control.alertExceptions.add(
    {
      ...{ id: 'EXCEPTION', ruleId: 'rule-1', key: null, hosts: null, filter: '', reason: 'r', madeAt: 1 },
      ...{ madeBy: 'ada', expiresAt: 2 },
    },
    10,
    { at: 1, actor: 'ada', action: 'exception.make', target: 'exception EXCEPTION', detail: {} },
  );
  for (const name of ['web', 'old'])
    await api.deps.control.hostGroups.put(
      { name, description: '', hosts: ['h1'], changedAt: 1, changedBy: 'ada' },
      10,
      { at: 1, actor: 'ada', action: 'group.put', target: `group ${name}`, detail: {} },
    );
  const certificate = { serial: '4a', hostId: 'h1', fingerprint: 'ff', issuedAt: 1, expiresAt: 2 };
  await api.deps.control.certificates.add(certificate, 0);
  const token = { id: 't1', createdAt: 1, expiresAt: 2, maxUses: 1, hostPattern: null };
  await api.deps.control.enrolment.add(token, 'hash');
  await api.deps.control.commands.add(
    {
      id: 'c1',
      hostId: 'h1',
      name: 'agent.status',
      arguments: {},
      issuedAt: 1,
      issuedBy: 'ada',
      expiresAt: 2,
    },
    1,
    { at: 1, actor: 'ada', action: 'command.make', target: 'host h1', detail: {} },
  );
  const order = { sql: 'SELECT 1', hosts: ['h1'], timeoutMs: 500, rows: 1, by: 'ada' };
  const started = await api.deps.queries.start(order);
  if (!started.ok) throw started.error;
  const query = started.value.id;
  const schedule = { name: 's1', sql: 'SELECT 1', intervalS: 60, hosts: ['all'] };
  t.ok((await api.deps.schedules.add(schedule, 'ada')).ok);
  api.events.events.push(storedEvent(0), storedEvent(1));
  const running = await api.deps.hunts.stream(
    {
      ...{ sql: 'SELECT * FROM range(1000000000)', parameters: {}, by: 'viewer' },
      ...{ maxRows: 1e9, timeoutMs: 600_000, signal: new AbortController().signal },
    },
    'arrays',
  );
  t.teardown(() => running.parts.return(undefined));
  const backtest = await api.deps.backtests.start(
    {
      ...{ rules: [{ file: 'a.yml', text: 'title: nothing' }], pipelines: [], builtIn: [], lists: [] },
      ...{ since: 0, until: 1, hosts: [], compare: false, watched: [] },
    },
    'viewer',
  );
  await api.deps.huntSchedules.put(
    {
      ...{ hunt: 'new-listeners', everyS: 3600, dailyMinute: null, spanS: 86_400, level: null },
      ...{ parameters: {}, isEnabled: true },
    },
    'ada',
  );
  await api.deps.hunts.save(
    { name: 'saved', title: 'Saved', description: '', tags: [], parameters: [], sql: 'SELECT 1' },
    'ada',
  );

  const build = { name: 'a', minAgentVersion: '0.1.0', expiresAt: 4e15, isForced: true, by: 'ada' };
  await api.deps.bundles.build(source, build);
  const bundle = await api.deps.bundles.content(1);
  const root = Buffer.from((await api.deps.bundles.root()).document).toString();
  const rotated = decodeDocument(Buffer.from(root), 'the root');
  const next = unsigned(rootJson({ ...readRoot(rotated.signed), version: 2 }));
  const stranger = unsigned(rootJson({ ...readRoot(rotated.signed), version: 9 }));
  const documents: Readonly<Record<string, SignedDocument>> = { ROOT: next, STRANGER: stranger };
  /** What stands for something made here. */
  const replaced = (body: unknown): unknown => {
    if (body === bundleBytes) return bundle;
    const document = documents[(body as { document?: string } | undefined)?.document ?? ''];
    return document === undefined ? body : { document: Buffer.from(encodeDocument(document)).toString() };
  };

  const accounts = await sampleAccounts(api);
  const ask = async (method: string, url: string, headers: Record<string, string>, given?: unknown) => {
    const body = replaced(given);
    const { rollouts } = api.deps.control;
    // Each of these begins where it can be asked, whatever was done before.
    for (const one of await rollouts.list())
      if (!url.includes(one.id)) await rollouts.put({ ...one, state: 'done' });
    const named = /ROLLOUT-([\w-]+)/.exec(url)?.[1];
    if (named !== undefined) await rollouts.put(rolloutOf(named as RolloutState));
    const bytes = body instanceof Uint8Array ? Uint8Array.from(body) : undefined;
    const type =
      body instanceof Csv
        ? 'text/csv'
        : bytes === undefined
          ? 'application/json'
          : 'application/octet-stream';
    const payload = bytes ?? accounts.named((typeof body === 'string' ? body : JSON.stringify(body)) ?? '');
    const place = accounts
      .named(url)
      .replace('/queries/replaced', `/queries/${query}`)
      .replace('RUNNING', running.id)
      .replace('BACKTEST', backtest.id);
    const answer = await fetch(new URL(place, api.baseUrl), {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': type }) },
      ...(body !== undefined && { body: payload }),
    });
    const sent = await answer.text();
    const isJson = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      json: isJson && sent ? JSON.parse(sent) : sent,
    };
  };
  const lastEntry = async () => (await api.deps.control.audit.list({}, 1)).items[0] ?? { number: 0 };
  const admin = await api.bearer('admin');
  const document: OpenApi = (await ask('GET', '/api/v1/openapi.json', admin)).json;
  t.equal(document.openapi, '3.1.0');
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      permission: /^Permission: ([\w-]+)\.$/.exec(operation.description)?.[1],
      operation,
    })),
  );
  t.same(documented.map(({ name }) => name).sort(), Object.keys(samples).sort(), 'a sample for each');

  for (const { name, method, permission, operation } of documented) {
    const sample = samples[name];
    if (sample === undefined) continue;
    await t.test(name, async (t) => {
      t.ok(operation.summary.length > 5);
      let body = sample.body as { secret?: string } | undefined;
      if (body?.secret !== undefined) {
        const { url } = await api.deps.auth.createSignInLink(api.baseUrl);
        body = { secret: new URL(url).hash.slice('#sign-in='.length) };
      }
      for (const bad of sample.refused) {
        const answer = await ask(method, bad.url ?? sample.url, admin, bad.body ?? undefined);
        t.match(answer, {
          type: /^application\/problem\+json/,
          json: { code: bad.code, status: answer.status },
        });
        t.ok(answer.status >= 400 && answer.status < 500, `${bad.code} is ${answer.status}`);
        t.ok(answer.json.title && answer.json.detail && answer.json.action);
      }
      if (permission !== undefined) {
        for (const headers of [{}, { authorization: 'Bearer nonsense' }, { authorization: 'Basic eDp5' }]) {
          const answer = await ask(method, sample.url, headers as Record<string, string>, body);
          t.match(answer, { status: 401, json: { code: 'api.unauthenticated' } });
        }
        const { number } = await lastEntry();
        for (const { what, headers } of await accounts.expired()) {
          const answer = await ask(method, sample.url, headers, body);
          t.match(answer, { status: 401, json: { code: 'api.unauthenticated' } }, what);
        }
        t.equal((await lastEntry()).number, number, 'and nothing was done');
      }
      const needed = permissions.find((known) => known === permission) as Permission | undefined;
      for (const role of roles.filter((role: Role) => needed !== undefined && !mayDo(role, needed))) {
        const answer = await ask(method, sample.url, await api.bearer(role), body);
        t.match(answer, { status: 403, json: { code: 'api.forbidden' } }, `${role} may not`);
      }
      const enough = await api.bearer(
        roles.find((role) => needed === undefined || mayDo(role, needed)) ?? 'admin',
      );
      const headers = sample.as === undefined ? enough : await accounts.headers(sample.as);
      const { number } = await lastEntry();
      const answer = await ask(method, sample.url, headers, body);
      t.ok(
        answer.status >= 200 && answer.status < 300,
        `${answer.status} ${JSON.stringify(answer.json).slice(0, 120)}`,
      );
      if (method !== 'GET' && !changesNothing.has(name))
        t.ok((await lastEntry()).number > number, 'it is in the audit log');
    });
  }
});
