/** The mark: a lookout over a valley. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" className="mark-field" />
      <path d="M6 9.5 16 25 26 9.5" className="mark-valley" />
      <circle cx="16" cy="10.5" r="3.2" className="mark-lookout" />
    </svg>
  );
}
