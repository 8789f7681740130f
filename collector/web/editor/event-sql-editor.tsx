import { useMemo } from 'react';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { CodeEditor, type CodeEditorProps } from './code-editor.tsx';
import { type SqlTable, sqlLanguage } from './sql-language.ts';

/** What every table has besides the fields of its type. */
const common = [
  { name: 'time', type: 'time', doc: 'When it happened, UTC.' },
  { name: 'type', type: 'keyword', doc: 'The event type.' },
  { name: 'host.id', type: 'keyword', doc: 'The host it happened on.' },
  { name: 'host.name', type: 'keyword', doc: 'Name of that host.' },
  { name: 'event.id', type: 'keyword', doc: 'The id that alerts and the search use.' },
  { name: 'event.ingested', type: 'time', doc: 'When the collector received it.' },
];

function eventTables(): readonly SqlTable[] {
  const tables = Object.values<EventSpec>(eventSpecs).map((spec) => ({
    name: spec.name,
    doc: spec.doc,
    columns: [
      ...common,
      ...Object.entries(fieldsOf(spec)).map(([name, { type, doc }]) => ({ name, type, doc })),
    ],
  }));
  return [...tables, { name: 'events', doc: 'Events of every type.', columns: common }];
}

/** SQL over stored events. */
export default function EventSqlEditor(props: Omit<CodeEditorProps, 'language'>) {
  const language = useMemo(() => sqlLanguage(eventTables(), 'duckdb'), []);
  return <CodeEditor {...props} language={language} />;
}
