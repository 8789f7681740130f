/** Risk is a function of alerts and time; passing the threshold is told once. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hostWeights } from '../../../collector/alerts/host-weights.ts';
import { type RiskSettings, risksOf } from '../../../collector/alerts/risk.ts';
import { RiskWatch } from '../../../collector/alerts/risk-watch.ts';
import type { NewAlert, RiskFact } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { tempFolder } from '../../temp.ts';
import { newAlert } from '../store/control/new-alert.ts';

const hour = 3_600_000_000;
const now = 1_790_000_000_000_000;
const settings: RiskSettings = { halfLifeUs: 24 * hour, weights: [] };

const fact = (id: string, over: Partial<RiskFact> = {}): RiskFact => ({
  ...{ id, ruleId: `rule ${id}`, ruleTitle: `Rule ${id}`, level: 'high', hostId: 'h1', hostName: 'web-1' },
  ...{ user: null, confidence: 60, verdict: null, lastEventAt: now, ...over },
});
const scoreOf = (facts: readonly RiskFact[], at = now, by = settings) =>
  Object.fromEntries(risksOf(facts, at, by).map(({ kind, id, score }) => [`${kind} ${id}`, score]));

t.test('level × confidence, halved with each half-life', async (t) => {
  t.same(scoreOf([fact('a')]), { 'host h1': 30 });
  t.same(scoreOf([fact('a')], now + 24 * hour), { 'host h1': 15 });
  t.same(scoreOf([fact('a')], now + 48 * hour), { 'host h1': 7.5 });
  t.same(scoreOf([fact('a', { level: 'critical', confidence: 90 })]), { 'host h1': 90 });
  t.same(
    scoreOf([fact('a', { verdict: 'true-positive' })]),
    { 'host h1': 50 },
    'what was found true is certain',
  );
  t.same(scoreOf([fact('a', { level: 'informational' })]), {});
});

t.test('repeats of one rule count less and less, other rules fully', async (t) => {
  const same = [1, 2, 3].map((i) => fact(String(i), { ruleId: 'r' }));
  t.same(scoreOf(same), { 'host h1': 30 + 15 + 7.5 });
  t.same(scoreOf([fact('a'), fact('b')]), { 'host h1': 60 });
  t.same(scoreOf(same.toReversed()), scoreOf(same), 'in any order');
  const [risk] = risksOf(same, now, settings);
  t.same(
    risk?.contributions.map(({ repeat, points }) => [repeat, points]),
    [
      [1, 30],
      [2, 15],
      [3, 7.5],
    ],
  );
});

t.test('hosts, users and weights of hosts', async (t) => {
  const facts = [fact('a', { user: 'ada' }), fact('b', { user: 'ada', hostId: 'h2', hostName: 'db-1' })];
  t.same(scoreOf(facts), { 'host h1': 30, 'host h2': 30, 'user ada': 60 });
  const weights = hostWeights(['db-*=3', '*=0.5']);
  t.same(scoreOf(facts, now, { ...settings, weights }), { 'host h1': 15, 'host h2': 90, 'user ada': 105 });
  for (const bad of ['db', '=3', 'db=11', 'db=-1', 'db=x'])
    t.throws(() => hostWeights([bad]), { code: 'config.invalid' }, bad);
});

async function opened(t: Test) {
  const control = await openControlStore(join(tempFolder(t), 'control.db'), { durable: false });
  t.teardown(() => control.close());
  let at = now;
  const raised: NewAlert[] = [];
  const watch = () =>
    new RiskWatch({
      ...{ alerts: control.alerts, stories: control.stories, settings, threshold: 100, now: () => at },
      raise: async (alert) => {
        raised.push(alert);
        await control.alerts.raise(alert);
      },
    });
  return { control, raised, watch, goTo: (to: number) => (at = to) };
}

t.test('passing the threshold raises one alert, which says why; again only after it was low', async (t) => {
  const { control, raised, watch, goTo } = await opened(t);
  const of = (id: string, level: NewAlert['level'], at: number) =>
    newAlert(id, {
      ruleId: id,
      ruleTitle: `Rule ${id}`,
      level,
      raisedAt: at,
      firstEventAt: at,
      lastEventAt: at,
      confidence: 'high',
    });
  await control.detection.commit(1, [of('a', 'high', now)]);
  await watch().look();
  t.same(raised, []);
  await control.detection.commit(2, [of('b', 'critical', now)]);
  for (let i = 0; i < 3; i++) await watch().look();
  t.match(raised, [
    {
      ruleId: 'vedette-risk-high',
      hostId: 'h1',
      reason: 'The risk of host web-1 passed 100 because of Rule b (95), Rule a (48).',
    },
    { ruleId: 'vedette-risk-high', reason: /^The risk of user www-data passed 100/ },
  ]);
  t.equal(raised.length, 2, 'a new watch, as after a restart, tells nothing twice');
  t.equal((await watch().risks()).length, 2, 'its own alerts are no risk');
  goTo(now + 200 * hour);
  await watch().look();
  t.same(await control.stories.above(), []);
  await control.detection.commit(3, [
    of('c', 'critical', now + 200 * hour),
    of('d', 'critical', now + 200 * hour),
  ]);
  await watch().look();
  t.equal(raised.length, 4);
});

t.test('what was found false does not count', async (t) => {
  const { control, watch } = await opened(t);
  await control.detection.commit(1, [newAlert('a', { lastEventAt: now })]);
  t.match(await watch().risks(), [{ kind: 'host', alerts: 1 }, { kind: 'user' }]);
  await control.alerts.setStatus('a', 'closed', 'ada', null, now, 'false-positive');
  t.same(await watch().risks(), []);
});
