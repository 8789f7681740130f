/** Every page of the desk on a narrow screen, light and dark. */
import t from 'tap';
import { lookAtPages } from './desk-pages.ts';
import { absent, buildWeb } from './visit.ts';

t.before(() => buildWeb(t));

t.test('390 pixels wide', { skip: absent }, (t) => lookAtPages(t, 390, 844));
