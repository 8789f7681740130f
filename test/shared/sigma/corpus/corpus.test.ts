/** Both engines on events made from every public rule's own values. */
import t from 'tap';
import { conditionForm, wakesOf } from '../../../../shared/sigma/explain/form.ts';
import { ruleWords } from '../../../../shared/sigma/explain/words.ts';
import { openSchema } from '../../../../shared/sigma/index.ts';
import { agreeOnCorpus, makeEvents, told } from './agree.ts';
import { readPublicRules, skip } from './rules.ts';

/** Rules tried by chance on each event in the naive engine, besides those that matched. */
const sample = 12;

t.test('the public rules hit what is made to hit, and both engines agree', { skip }, async (t) => {
  const rules = readPublicRules();
  const { events, without } = makeEvents(rules);
  const hits = events.filter((e) => e.isHit).length;
  for (const { rule, reason } of without) t.comment(`no hit made for ${rule.file}: ${reason}`);
  t.ok(rules.accepted.length > 3_700, `${rules.accepted.length} rules accepted, ${rules.refused} refused`);
  t.ok(hits >= rules.accepted.length * 0.99, `hits made for ${hits} of ${rules.accepted.length}`);
  const { disagreements, pairs, matches } = agreeOnCorpus(rules, events, sample);
  for (const one of disagreements.slice(0, 10)) t.comment(told(one));
  t.equal(disagreements.length, 0, `${pairs} pairs of rule and event, ${matches} matches`);
});

t.test('every public rule can be explained', { skip }, async (t) => {
  for (const { file, compiled } of readPublicRules().accepted) {
    const { sentence } = ruleWords(compiled.rule);
    if (sentence.length < 5) t.fail(`${file}: ${sentence}`);
    conditionForm(compiled.condition);
    if (wakesOf(compiled, openSchema()) === 'no event') t.fail(`${file}: nothing wakes it`);
  }
});
