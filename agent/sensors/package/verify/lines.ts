import { createReadStream } from 'node:fs';

/** Characters of one line; a longer one is left out. */
const maxLine = 16 * 1024;

/** Lines of a stream of bytes, without their ends; invalid UTF-8 as U+FFFD. Rejects when the stream fails. */
export async function* linesOfStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let isCut = false;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!isCut && line.length <= maxLine) yield line;
      isCut = false;
    }
    if (rest.length > maxLine) {
      rest = '';
      isCut = true;
    }
  }
  if (rest !== '' && !isCut) yield rest;
}

/** Lines of a file; none when it cannot be read, or no more from where reading fails. */
export async function* linesOfFile(path: string): AsyncGenerator<string> {
  try {
    yield* linesOfStream(createReadStream(path));
  } catch {
    // Gone, no right, or a folder.
  }
}
