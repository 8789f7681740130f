import { VedetteError } from '#shared/errors.ts';
import { type JsonObject, malformed } from './canonical.ts';
import { wholeOf } from './members.ts';

/** The newest form of signed documents that is understood; a newer one may say what must not be overlooked. */
const knownFormat = 1;

/** Throws `bundle.malformed` for another kind of document, `bundle.format_newer`. */
export function demandFormat(from: JsonObject, type: string): void {
  if (from['type'] !== type) throw malformed(`It is not a document of the type ${type}.`);
  const format = wholeOf(from, 'format', 1);
  if (format > knownFormat)
    throw new VedetteError(
      'bundle.format_newer',
      `A ${type} has form ${format}; this version knows ${knownFormat}.`,
    );
}
