/** Line drawings on a grid of 16, each a path of its own making. */
const paths = {
  overview: 'M2.5 9.5h4v4h-4zM9.5 6.5h4v7h-4zM2.5 2.5h4v4h-4zM9.5 2.5h4v1h-4z',
  alerts: 'M8 2.2 14.2 13H1.8zM8 6.5v3M8 11.2v.1',
  stories: 'M3.5 3.5h3v3h-3zM9.5 9.5h3v3h-3zM5 6.5v4.5h4.5M6.5 5H11v4.5',
  hosts: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1',
  events: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  hunts: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.2 3.2',
  query: 'M3 4l3.5 4L3 12M8.5 12.5h5',
  analyses: 'M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6',
  rules: 'M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2',
  coverage: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  rollouts: 'M8 13.5v-8M4.5 8 8 4.5 11.5 8M3 2.5h10',
  settings:
    'M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6M10.2 3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3M5.8 10a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3',
  tree: 'M3 3.5h3M4.5 3.5v9h4M4.5 8h4M9.5 8h4M9.5 12.5h4',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  cross: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  copy: 'M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  person: 'M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M2.8 13.5c.6-2.6 2.6-3.8 5.2-3.8s4.6 1.2 5.2 3.8',
  keyboard: 'M1.8 4h12.4v8H1.8zM4.3 6.5h.1M7 6.5h.1M9.6 6.5h.1M12 6.5h.1M5 9.5h6',
  right: 'M6 3.5 10.5 8 6 12.5',
  left: 'M10 3.5 5.5 8l4.5 4.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  away: 'M6 3.5H3.5v9h9V10M9 3h4v4M13 3 7.5 8.5',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
