/**
 * Brings what is chosen among tabs into view, where they scroll sideways. Given as `ref` to the chosen one.
 */
export function inView(element: HTMLElement | null): void {
  element?.scrollIntoView({ inline: 'center', block: 'nearest' });
}
