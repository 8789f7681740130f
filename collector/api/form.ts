/** Forms with a file in them, for operations that take its bytes. */
import { Busboy } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';

const formType = 'multipart/form-data';
/** Around the file: names and boundaries. */
const slackBytes = 64 * 1024;

/** The bytes of the first file of a form. Rejects with `api.too_large` or `api.invalid`. */
function firstFile(
  request: FastifyRequest,
  body: NodeJS.ReadableStream,
  maxBytes: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let hasFile = false;
    let isOver = false;
    const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
    const form = new Busboy({ headers, limits: { files: 1, fields: 8, fileSize: maxBytes, parts: 16 } });
    form.on('file', (_name, stream) => {
      hasFile = true;
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('limit', () => {
        isOver = true;
      });
    });
    form.on('error', (error: Error) =>
      reject(new VedetteError('api.invalid', `The form: ${error.message}.`)),
    );
    form.on('finish', () => {
      if (isOver) reject(new VedetteError('api.too_large', `The file has more than ${maxBytes} bytes.`));
      else if (hasFile) resolve(Buffer.concat(parts));
      else reject(new VedetteError('api.invalid', 'There is no file in the form.'));
    });
    body.on('error', reject);
    body.pipe(form);
  });
}

/** Lets operations that take bytes take them out of a form; to be called once. */
export function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser(formType, async (request: FastifyRequest, body: NodeJS.ReadableStream) => {
    const most = request.routeOptions.bodyLimit;
    const declared = Number(request.headers['content-length']);
    if (declared > most + slackBytes)
      throw new VedetteError('api.too_large', `The form has more than ${most} bytes.`);
    return await firstFile(request, body, most);
  });
}
