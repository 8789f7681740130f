import { useMemo } from 'react';
import { tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';
import { CodeEditor, type CodeEditorProps } from './code-editor.tsx';
import { type SqlTable, sqlLanguage } from './sql-language.ts';

function tableOf({ name, doc, columns, lookedUpBy }: TableSpec): SqlTable {
  const lookedUp = lookedUpBy === undefined ? '' : ` Looked up by ${lookedUpBy.join(' or ')}.`;
  return {
    name,
    doc: `${doc}${lookedUp}`,
    columns: Object.entries(columns).map(([column, [type, about]]) => ({ name: column, type, doc: about })),
  };
}

/** SQL to hosts. */
export default function HostSqlEditor(props: Omit<CodeEditorProps, 'language'>) {
  const language = useMemo(
    () => sqlLanguage(Object.values<TableSpec>(tableSpecs).map(tableOf), 'sqlite'),
    [],
  );
  return <CodeEditor {...props} language={language} />;
}
