import fc from 'fast-check';
import t from 'tap';
import { readRequest } from '../../../../agent/sensors/packet/http/request.ts';
import { withoutSecrets } from '../../../../agent/sensors/packet/http/secret-parameters.ts';
import { timed } from './captures.ts';
import { connection } from './frames.ts';
import { replayed } from './replayed.ts';

const ends = { from: '10.0.0.5', fromPort: 40_000, to: '10.0.0.1', toPort: 8123 };
const request = (...lines: readonly string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const read = (...lines: readonly string[]) => {
  const bytes = request(...lines);
  return readRequest(bytes, 0, bytes.length, false);
};

t.test('requests on any port, one after the other on one connection', async (t) => {
  const frames = connection(ends, [
    [
      'client',
      request(
        'GET /a/b.php?x=1&password=hunter2 HTTP/1.1',
        'Host: Shop.Example:8123',
        'User-Agent: curl/8',
        'Cookie: sid=SECRET',
        'Authorization: Basic SECRET',
        'Referer: http://u:SECRET@ref.example/?token=SECRET',
      ),
    ],
    ['server', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
    [
      'client',
      request(
        'POST /upload HTTP/1.1',
        'host: shop.example',
        'Content-Type: text/plain',
        'Content-Length: 12',
      ),
    ],
  ]);
  const { faults, of, events } = replayed(frames);
  t.same(faults, []);
  t.match(of('http.request'), [
    {
      'http.request.method': 'GET',
      'url.full': 'http://shop.example:8123/a/b.php?x=1&password=REDACTED',
      'url.domain': 'shop.example',
      'url.path': '/a/b.php',
      'url.query': 'x=1&password=REDACTED',
      'url.extension': 'php',
      'user_agent.original': 'curl/8',
      'http.request.referrer': 'http://ref.example/?token=REDACTED',
      'http.version': '1.1',
      'destination.port': 8123,
    },
    {
      'http.request.method': 'POST',
      'url.full': 'http://shop.example/upload',
      'http.request.body.bytes': 12,
      'http.request.mime_type': 'text/plain',
    },
  ]);
  t.notMatch(JSON.stringify(events), /SECRET|hunter2/);
});

t.test('forms of the target', async (t) => {
  t.match(read('GET http://user:pw@Proxy.Example/x?y HTTP/1.1', 'Host: other'), {
    full: 'http://proxy.example/x?y',
    domain: 'proxy.example',
    path: '/x',
  });
  t.match(read('CONNECT evil.example:443 HTTP/1.1'), {
    full: 'evil.example:443',
    domain: 'evil.example',
    path: undefined,
  });
  t.match(read('GET / HTTP/1.0'), { full: '/', domain: undefined, version: '1.0' });
  t.match(read('GET / HTTP/1.1', 'Host: [2001:db8::1]:80'), { domain: '2001:db8::1' });
  t.match(read('OPTIONS * HTTP/1.1', 'Host: a'), { path: '*' });
  t.equal(read('GET / HTTP/2.0'), 'none');
  t.equal(read('GET  / HTTP/1.1'), 'none');
  t.equal(read('HELLO'), 'none');
  const open = Buffer.from('GET / HTTP/1.1\r\nHost: a');
  t.equal(readRequest(open, 0, open.length, false), 'more');
  t.match(
    readRequest(open, 0, open.length, true),
    { path: '/', domain: undefined },
    'half a line tells nothing',
  );
});

t.test('secret parameters', async (t) => {
  t.equal(
    withoutSecrets('a=1&access_token=x&user.passwd=y&api-key=z'),
    'a=1&access_token=REDACTED&user.passwd=REDACTED&api-key=REDACTED',
  );
  t.equal(withoutSecrets('tokens=1&monkey=2&a'), 'tokens=1&monkey=2&a');
});

t.test('a request cut anywhere is one request; long ones are told by what fits', async (t) => {
  const bytes = request('GET /index HTTP/1.1', 'Host: a.example', 'User-Agent: x');
  fc.assert(
    fc.property(fc.nat(bytes.length), fc.nat(bytes.length), (a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      const found = replayed(
        connection(
          ends,
          parts.map((part) => ['client', part] as const),
        ),
      ).of('http.request');
      return found.length === 1 && found[0]?.['user_agent.original'] === 'x';
    }),
  );
  const long = request('GET /index HTTP/1.1', 'Host: a.example', `X-Long: ${'y'.repeat(20_000)}`);
  const found = replayed(
    connection(ends, [
      ['client', long.subarray(0, 9000)],
      ['client', long.subarray(9000)],
    ]),
  );
  t.match(found.of('http.request'), [{ 'url.domain': 'a.example' }]);
});

t.test('a request of which only the begin was captured', async (t) => {
  const long = request(
    'GET /x HTTP/1.1',
    'Host: a.example',
    `Cookie: ${'y'.repeat(3000)}`,
    'User-Agent: late',
  );
  const frames = connection(ends, [['client', long]]);
  const cut = timed(frames).map((frame) => ({
    ...frame,
    bytes: frame.bytes.subarray(0, 500),
    wireLength: frame.bytes.length,
  }));
  const found = replayed(cut).of('http.request');
  t.match(found, [{ 'url.full': 'http://a.example/x', 'user_agent.original': undefined }]);
  t.equal(found.length, 1);
  const first = connection(ends, [['client', long.subarray(0, 1000)]]).slice(0, 4);
  t.match(replayed(first).of('http.request'), [{ 'url.domain': 'a.example' }], 'the rest never came');
});

t.test('hostile bytes', async () => {
  const method = fc.constantFrom('GET ', 'POST ', 'CONNECT ', 'PROPFIND ');
  fc.assert(
    fc.property(
      method,
      fc.uint8Array({ maxLength: 400 }),
      fc.string({ unit: 'binary', maxLength: 50 }),
      (start, bytes, host) => {
        const line = `${start}/${Buffer.from(bytes).toString('latin1').replace(/\s/g, '')} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
        const odd = Buffer.concat([Buffer.from(start), bytes]);
        return [Buffer.from(line, 'latin1'), odd].every(
          (payload) => replayed(connection(ends, [['client', payload]])).faults.length === 0,
        );
      },
    ),
    { numRuns: 500 },
  );
});
