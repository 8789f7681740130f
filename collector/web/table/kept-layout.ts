/** Which columns somebody chose and how wide they made them, by table, in this browser. */
export interface Layout {
  readonly visible: Readonly<Record<string, boolean>>;
  readonly widths: Readonly<Record<string, number>>;
}

const none: Layout = { visible: {}, widths: {} };
const keyOf = (name: string) => `vedette.table.${name}`;

function only<T>(value: unknown, type: 'boolean' | 'number'): Record<string, T> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, one]) => typeof one === type)) as Record<
    string,
    T
  >;
}

/** What was kept; nothing where it cannot be read. */
export function readLayout(name: string): Layout {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(name)) ?? '{}') as Partial<Layout>;
    return { visible: only(kept.visible, 'boolean'), widths: only(kept.widths, 'number') };
  } catch {
    return none;
  }
}

export function keepLayout(name: string, layout: Layout): void {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify(layout));
  } catch {
    // A browser that keeps nothing shows it until the page is left.
  }
}
