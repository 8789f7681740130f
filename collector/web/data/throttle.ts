/** `act` at once, then at most once in `ms`; a call in between is made up for at the end of it. */
export function throttle(act: () => void, ms: number): () => void {
  let waiting = false;
  let again = false;
  const run = () => {
    act();
    waiting = true;
    setTimeout(() => {
      waiting = false;
      if (again) {
        again = false;
        run();
      }
    }, ms);
  };
  return () => {
    if (waiting) again = true;
    else run();
  };
}
