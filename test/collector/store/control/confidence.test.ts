/** Confidence is the mean of what the rule says and of what people found, moved by how usual it is. */
import t from 'tap';
import { confidenceOf, type EarlierAlerts } from '../../../../collector/store/control/alert-confidence.ts';

const earlier = (n: number, over: Partial<EarlierAlerts> = {}): EarlierAlerts[] => [
  { count: n, verdict: null, isSameHost: true, isSameEntity: false, ...over },
];
const of = (...all: EarlierAlerts[][]) => confidenceOf('medium', all.flat()).confidence;

t.test('what the rule says', async (t) => {
  const some = earlier(1);
  t.same(
    (['low', 'medium', 'high'] as const).map((said) => confidenceOf(said, some).confidence),
    [30, 60, 90],
  );
});

t.test('verdicts', async (t) => {
  const isSameEntity = true;
  t.equal(of(earlier(2, { verdict: 'false-positive', isSameEntity })), 30, 'two weigh as much as the rule');
  t.equal(of(earlier(2, { verdict: 'true-positive', isSameEntity })), 80);
  t.equal(of(earlier(8, { verdict: 'false-positive' })), 30, 'on other entities they weigh a quarter');
  t.ok(of(earlier(90, { verdict: 'false-positive', isSameEntity, isSameHost: false })) >= 5, 'never nothing');
  t.ok(of(earlier(90, { verdict: 'true-positive', isSameEntity, isSameHost: false })) <= 99, 'never certain');
  t.equal(
    confidenceOf('high', earlier(3, { verdict: 'false-positive', isSameEntity })).reason,
    'the rule says high; of 3 judged alerts about the same 0 were true',
  );
});

t.test('rarity', async (t) => {
  t.equal(of(earlier(50, { isSameHost: false })), 65, 'new on this host');
  t.equal(of(earlier(20)), 50, 'usual on this host');
  t.equal(confidenceOf('medium', []).reason, 'the rule says medium; its first on this host');
});
