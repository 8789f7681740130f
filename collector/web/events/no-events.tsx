const examples = [
  'process.name:curl and not user.name:root',
  'CommandLine:"*base64 -d*"',
  'type:network.connection destination.ip:10.0.0.0/8',
  'host:web-* type:login event.outcome:failure',
];

/** What to try when nothing fits, or nothing is there. */
export function NoEvents({ isFiltered, choose }: { isFiltered: boolean; choose: (filter: string) => void }) {
  return (
    <div className="empty">
      <strong>{isFiltered ? 'No event fits' : 'No events yet'}</strong>
      <p>
        {isFiltered
          ? 'Try less, a longer time, or one of these.'
          : 'They show here as soon as an agent sends some.'}
      </p>
      <p className="examples">
        {examples.map((example) => (
          <button key={example} type="button" className="chip" onClick={() => choose(example)}>
            <code>{example}</code>
          </button>
        ))}
      </p>
    </div>
  );
}
