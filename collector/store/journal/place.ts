/** What binds the encrypted data of a batch to its row. */
export function placeOf(hostId: string, stream: string, sequence: number): string {
  return `batch ${hostId} ${stream} ${sequence}`;
}
