/**
 * Sigma compares without regard to case: both sides are folded the same way. Lower case, with the final sigma
 * made the ordinary one, since `toLowerCase` chooses between the two by what follows.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}
