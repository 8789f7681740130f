/**
 * The text by itself: a part of a larger one, or one put together of such parts, keeps the whole of that in memory; of
 * dpkg's database 128 KiB a time.
 */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
