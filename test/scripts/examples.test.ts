import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import { withoutHost } from '../../scripts/examples/anonymous.ts';
import { readExample } from '../../scripts/examples/example.ts';
import { typesWithoutExample } from '../../scripts/generate/events.ts';
import { tempFolder } from '../temp.ts';

const top = join(import.meta.dirname, '../..');
const types = Object.keys(eventSpecs) as EventType[];

for (const type of types) {
  t.test(`the example of ${type} is as declared, and goes over the wire as it is`, async (t) => {
    const example = readExample(top, type);
    if (example === undefined) throw new Error('there is none');
    t.match(example, { from: /^(?:run|fixture)$/, of: /^[\w ].*[^.]$/ });
    const row = example.event as unknown as EventRow;
    const checked = checkEvent(eventSpecs[type], row);
    t.strictSame(checked, { ok: true, value: row }, 'valid, and nothing of it is cut');
    const decoded = decodeBatch(encodeBatch([row]).data);
    if (!decoded.ok) throw decoded.error;
    t.strictSame(
      decoded.value.groups.map(({ events }) => rowAt(events, 0)),
      [row],
    );
    t.notMatch(JSON.stringify(row), /\.tap|wt-|truth-\w{6}\b/, 'no path of where it was taken');
  });
}

t.test('every file is the example of a type, and a type without one is named', async (t) => {
  const files = readdirSync(join(top, 'docs/reference/examples')).map((name) => name.replace(/\.json$/, ''));
  t.same(files.toSorted(), types.toSorted());
  t.same(typesWithoutExample(top, [...types, 'no.such']), ['no.such']);
  t.same(typesWithoutExample(tempFolder(t), types), types);
});

t.test('paths of the checkout and of the stage are taken out', async (t) => {
  const stage = '/tmp/stage';
  t.same(
    withoutHost(
      {
        type: 'process.end',
        time: 1,
        'process.pid': 2,
        'process.entity_id': 'x',
        'process.start': 1,
        'process.name': `sh ${stage}/a ${stage}`,
        'process.executable': process.execPath,
        'user.name': undefined,
        'event.truncated': [join(top, 'agent')],
      },
      stage,
    ),
    {
      type: 'process.end',
      time: 1,
      'process.pid': 2,
      'process.entity_id': 'x',
      'process.start': 1,
      'process.name': 'sh /a /',
      'process.executable': '/usr/bin/node',
      'event.truncated': ['/opt/vedette/agent'],
    },
  );
});
