/**
 * What the scratch host takes for the internet: servers in a network namespace of their own, on every address of the
 * networks kept for documentation (RFC 5737) and of 10.9.0.0/16. Says `ready` on standard output; ends with its parent.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';

const [certificateFile = '', keyFile = ''] = process.argv.slice(2);
/** Every web server gives this small script to whoever asks. */
const answer = '#!/bin/sh\ntrue\n';

const httpPorts = [80, 8080, 31337];
const tlsPorts = [443, 4443, 8443];
/** Whatever is sent there is taken. */
const sinkPorts = [22, 25, 3333, 4444, 6667, 9001, 9050];

for (const port of httpPorts)
  createHttpServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(answer));
  }).listen(port);
for (const port of tlsPorts)
  createTlsServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    (request, response) => {
      request.resume();
      request.on('end', () => response.end(answer));
    },
  ).listen(port);
for (const port of sinkPorts)
  createServer((socket) => {
    socket.resume();
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  }).listen(port);

const names = createSocket('udp4');
names.on('message', (question, from) => names.send(nameAnswer(question), from.port, from.address));
names.bind(53, '0.0.0.0', () => console.log('ready'));

/** Every name leads to 198.51.100.9, but those that begin with `nx`, which are not there (RFC 1035). */
function nameAnswer(question: Buffer): Buffer {
  let end = 12;
  while (question[end] !== undefined && question[end] !== 0) end += (question[end] as number) + 1;
  const asked = question.subarray(12, end + 5);
  const isMissing = asked.subarray(1, 3).toString().toLowerCase() === 'nx';
  const isAddress = asked.readUInt16BE(asked.length - 4) === 1;
  const has = !isMissing && isAddress;
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(isMissing ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(has ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 9]);
  return Buffer.concat(has ? [head, asked, record] : [head, asked]);
}

process.on('disconnect', () => process.exit(0));
