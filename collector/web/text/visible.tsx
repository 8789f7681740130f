import { pieces } from './control-characters.ts';

/** Text from a host: never markup, nothing in it hidden, and its direction kept to itself. */
export function Visible({ text }: { text: string }) {
  return (
    <bdi>
      {pieces(text).map((piece) =>
        piece.code === undefined ? (
          piece.text
        ) : (
          <span key={piece.at} className="control" title={piece.code}>
            {piece.text}
          </span>
        ),
      )}
    </bdi>
  );
}

/** The same in monospace: command lines, paths, values. */
export function Code({ text, wrap = false }: { text: string; wrap?: boolean }) {
  return (
    <code className={wrap ? 'code wrap' : 'code'}>
      <Visible text={text} />
    </code>
  );
}
