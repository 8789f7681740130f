/** Every page of the desk on a wide screen, light and dark. */
import t from 'tap';
import { lookAtPages } from './desk-pages.ts';
import { absent, buildWeb } from './visit.ts';

t.before(() => buildWeb(t));

t.test('1280 pixels wide', { skip: absent }, (t) => lookAtPages(t, 1280, 900));
