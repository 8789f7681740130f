import { useMemo } from 'react';
import { CodeEditor, type CodeEditorProps } from './code-editor.tsx';
import { ruleLanguage } from './rule-language.ts';

/** Rules and their tests. */
export default function RuleEditor(props: Omit<CodeEditorProps, 'language'>) {
  const language = useMemo(ruleLanguage, []);
  return <CodeEditor {...props} language={language} />;
}
