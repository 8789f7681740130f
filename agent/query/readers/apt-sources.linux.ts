import { join } from 'node:path';
import type { aptSources as spec } from '#shared/tables/apt-sources.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { namesIn, settledLines, textAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

type Source = RowOf<typeof spec>;

const oneLine = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/;

/** The one-line form of sources.list(5). */
function* fromLines(path: string): Iterable<Source> {
  for (const line of settledLines(path)) {
    const [, type, options, uri, release, components] = oneLine.exec(line) ?? [];
    if (type !== undefined)
      yield { source: path, type, base_uri: uri, release, components, options: options?.trim(), enabled: 1 };
  }
}

/** The deb822 form: stanzas whose fields may hold several values. */
function* fromStanzas(path: string): Iterable<Source> {
  const text = textAt(path).replace(/^#.*\n?/gm, '');
  for (const stanza of text.split(/\n\s*\n/)) {
    const of = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const signedBy = of('Signed-By');
    for (const type of of('Types'))
      for (const uri of of('URIs'))
        for (const release of of('Suites'))
          yield {
            ...{ source: path, type, release },
            base_uri: uri,
            components: of('Components').join(' '),
            options: signedBy.length > 0 ? `signed-by=${signedBy.join(' ').slice(0, 256)}` : undefined,
            enabled: Number(of('Enabled')[0]?.toLowerCase() !== 'no'),
          };
  }
}

export function* aptSources({ etcRoot }: QueryHost): Iterable<Source> {
  yield* fromLines(join(etcRoot, 'apt/sources.list'));
  const folder = join(etcRoot, 'apt/sources.list.d');
  for (const name of namesIn(folder)) {
    if (name.endsWith('.list')) yield* fromLines(join(folder, name));
    else if (name.endsWith('.sources')) yield* fromStanzas(join(folder, name));
  }
}
