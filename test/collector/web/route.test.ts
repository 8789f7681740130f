import t from 'tap';
import { pageFolders } from '../../../collector/api/assets.ts';
import { pages } from '../../../collector/web/pages.ts';
import { matchPath } from '../../../collector/web/route/match.ts';
import { newAddressOf } from '../../../collector/web/route/old-links.ts';

t.test('a path is of a pattern or it is not', async (t) => {
  t.same(matchPath('/', '/'), {});
  t.same(matchPath('/alerts', '/alerts'), {});
  t.same(matchPath('/alerts', '/alerts/'), {}, 'a slash at the end says nothing');
  t.same(matchPath('/alerts/:id', '/alerts/a%2Fb%20c'), { id: 'a/b c' });
  t.equal(matchPath('/alerts/:id', '/alerts'), undefined);
  t.equal(matchPath('/alerts/:id', '/alerts/'), undefined);
  t.equal(matchPath('/alerts/:id', '/alerts/a/b'), undefined);
  t.equal(matchPath('/alerts/:id', '/hosts/a'), undefined);
  t.equal(matchPath('/alerts/:id', '/alerts/%ff'), undefined, 'what cannot be decoded is no id');
  t.equal(matchPath('/alerts', '/alertsx'), undefined);
});

t.test('every page has an address of its own that is served', async (t) => {
  const folders = pages.map(({ path }) => path.split('/')[1] ?? '').filter(Boolean);
  t.same(
    folders.filter((folder) => !(pageFolders as readonly string[]).includes(folder)),
    [],
  );
  t.equal(new Set(pages.map(({ path }) => path)).size, pages.length);
  const keys = pages.flatMap(({ navigation }) => (navigation === undefined ? [] : [navigation.key]));
  t.equal(new Set(keys).size, keys.length, 'no two pages have one key');
  const shadowed = pages.filter(({ path }, i) =>
    pages.slice(0, i).some((before) => matchPath(before.path, path) !== undefined),
  );
  t.same(shadowed, [], 'a pattern before it would take its address');
});

t.test('links of before lead to the same thing', async (t) => {
  const lead = (address: string) => {
    const { pathname, search, hash } = new URL(address, 'http://x');
    return newAddressOf(pathname, search, hash);
  };
  t.equal(lead('/?tree-alert=a%20b'), '/tree?alert=a+b');
  t.equal(lead('/?tree-entity=e&tree-host=h&tree-at=2026'), '/tree?entity=e&host=h&at=2026');
  t.equal(lead('/?rule=a/b'), '/rules/a%2Fb');
  t.equal(lead('/?rules=coverage'), '/rules/coverage');
  t.equal(lead('/?rules=list'), '/rules');
  t.equal(lead('/?filter=type%3Alogin#events'), '/events?filter=type%3Alogin');
  t.equal(lead('/#alerts'), '/alerts');
  t.equal(lead('/#hosts'), '/hosts');
  t.equal(lead('/#sign-in=secret'), undefined, 'a way in stays one');
  t.equal(lead('/'), undefined);
  t.equal(lead('/alerts?filter=x'), undefined, 'only of the one page there was');
});
