/**
 * Colours of event types: Okabe and Ito's set, told apart by people with any kind of colour blindness, without the
 * yellow that fails on white. What does not fit is grey.
 */
const colours = ['#0072b2', '#56b4e9', '#009e73', '#e69f00', '#cc79a7', '#d55e00', '#7a68a6'] as const;
export const otherColour = '#8a94a0';

const given = new Map<string, string>();

/** The colour of a type, the same for as long as the page is open. */
export function colourOf(type: string): string {
  let colour = given.get(type);
  if (colour === undefined) {
    colour = colours[given.size] ?? otherColour;
    given.set(type, colour);
  }
  return colour;
}
