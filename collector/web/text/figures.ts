const whole = new Intl.NumberFormat('en-US');
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export function figure(value: number): string {
  return whole.format(value);
}

/** Three significant figures at most: 12.4K, 3.1M. */
export function shortFigure(value: number): string {
  if (value > 0 && value < 10) return String(Math.round(value * 10) / 10);
  return value < 10_000 ? whole.format(Math.round(value)) : short.format(value);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function sizeOf(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
