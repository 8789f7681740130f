/**
 * A text editor. It stands in a shadow root: there CodeMirror takes constructed style sheets, which the content
 * security policy allows; in the document itself it would add `style` elements, which it does not.
 */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { visibleText } from '../text/control-characters.ts';
import { editorTheme } from './editor-theme.ts';
import type { EditorProblem } from './problem.ts';

export interface CodeEditorProps {
  /** What it is for, to those who do not see it. */
  readonly label: string;
  readonly text: string;
  readonly change: (text: string) => void;
  /** Does not change while the editor is there. */
  readonly language: Extension;
  readonly problems?: readonly EditorProblem[];
  /** On Ctrl-Enter. */
  readonly run?: () => void;
  readonly hint?: string;
  /** How many lines it shows before it scrolls. */
  readonly lines?: { readonly least: number; readonly most: number };
  readonly readOnly?: boolean;
}

/** Marks what was put into the editor, rather than typed. */
const given = Annotation.define<true>();

const lineHeightPx = 19.4;
const paddingPx = 18;

function heights({ least, most }: { readonly least: number; readonly most: number }): Extension {
  const px = (lines: number) => `${Math.round(lines * lineHeightPx + paddingPx)}px`;
  return EditorView.theme({
    '.cm-content, .cm-gutter': { minHeight: px(least) },
    '.cm-scroller': { maxHeight: px(most) },
  });
}

/** Where a problem is in a text that may have changed since it was found. */
function diagnosticOf({ doc }: EditorState, problem: EditorProblem): Diagnostic {
  const line = doc.line(Math.min(Math.max(problem.line, 1), doc.lines));
  const indent = line.text.length - line.text.trimStart().length;
  const from = Math.min(line.from + Math.max((problem.column ?? 1) - 1, indent), line.to);
  const word = /^[\w.$|-]+/.exec(line.text.slice(from - line.from))?.[0].length ?? 0;
  const to = problem.column === undefined || word === 0 ? line.to : from + word;
  return { from, to, severity: problem.severity, message: visibleText(problem.message) };
}

function start(
  host: HTMLElement,
  props: CodeEditorProps,
  latest: { current: CodeEditorProps },
  typed: { current: string[] },
): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const { label, text, language, hint, lines = { least: 6, most: 30 }, readOnly = false } = props;
  const state = EditorState.create({
    doc: text,
    extensions: [
      keymap.of([
        {
          key: 'Mod-Enter',
          run() {
            latest.current.run?.();
            return latest.current.run !== undefined;
          },
        },
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        ...searchKeymap,
        ...lintKeymap,
      ]),
      [lineNumbers(), lintGutter(), highlightActiveLineGutter(), history(), drawSelection()],
      [
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        EditorState.tabSize.of(2),
        EditorView.lineWrapping,
      ],
      [language, editorTheme, heights(lines)],
      [EditorState.readOnly.of(readOnly), hint === undefined ? [] : placeholder(hint)],
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged || update.transactions.some((one) => one.annotation(given) === true)) return;
        const text = update.state.doc.toString();
        typed.current.push(text);
        latest.current.change(text);
      }),
    ],
  });
  return new EditorView({ state, parent: root, root });
}

export function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  /** Told and not yet come back as the text to show, the oldest first. */
  const typed = useRef<string[]>([]);
  latest.current = props;
  const { text, problems } = props;

  useEffect(() => {
    if (host.current === null) return;
    const opened = start(host.current, latest.current, latest, typed);
    view.current = opened;
    return () => {
      opened.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const { current } = view;
    // What was typed comes back late where much is to be shown; more may have been typed since.
    const at = typed.current.lastIndexOf(text);
    typed.current = typed.current.slice(at + 1);
    if (at >= 0 || current === null || current.state.doc.toString() === text) return;
    typed.current = [];
    const changes = { from: 0, to: current.state.doc.length, insert: text };
    current.dispatch({ changes, annotations: given.of(true) });
  }, [text]);

  useEffect(() => {
    const { current } = view;
    if (current === null) return;
    const found = (problems ?? []).map((problem) => diagnosticOf(current.state, problem));
    current.dispatch(setDiagnostics(current.state, found));
  }, [problems]);

  // Keys meant for the text are none of the page's.
  // biome-ignore lint/a11y/noStaticElementInteractions: what is interactive is inside.
  return <div className="code-editor" ref={host} onKeyDown={(event) => event.stopPropagation()} />;
}
