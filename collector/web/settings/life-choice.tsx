interface LifeChoiceProps {
  /** Numbers in a unit of the caller's, with words. */
  readonly lives: readonly (readonly [number, string])[];
  readonly life: number;
  readonly change: (life: number) => void;
}

/** How long what is made holds. */
export function LifeChoice({ lives, life, change }: LifeChoiceProps) {
  return (
    <label>
      Good for
      <select value={life} onChange={(event) => change(Number(event.target.value))}>
        {lives.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
