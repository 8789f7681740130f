/** Pages for asking, rules and settings on a wide screen. */
import t from 'tap';
import { walk } from './studio-walk.ts';
import { absent, buildWeb } from './visit.ts';

t.before(() => buildWeb(t));
t.test('1280 pixels wide', { skip: absent }, (t) => walk(t, 1280, 900));
