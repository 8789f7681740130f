import { constants, getPriority, setPriority } from 'node:os';
import { toolOutput } from '../tool.ts';

const highestPriority = constants.priority.PRIORITY_HIGHEST;
/** The least of the real-time priorities (sched(7)): before all usual work, after all that is real-time by itself. */
const realTime = '1';

/**
 * Lets the main thread go first, so that on a busy host it reads what /proc shows of a program before that has ended. As
 * a real-time thread where that may be (chrt(1); the nicest of usual threads still waits for others' turns to end), of
 * which the kernel leaves usual work a twentieth of the time whatever happens (sched_rt_runtime_us). Threads and programs
 * that are started meanwhile are usual ones.
 */
export class Haste {
  #usualPriority: number | undefined;
  #isRealTime: Promise<boolean> = Promise.resolve(false);

  /** Begins; where nothing of it is allowed, more arguments are missed, which the sensor's note says. */
  begin(): void {
    if (this.#usualPriority !== undefined) return;
    try {
      this.#usualPriority = getPriority();
      setPriority(highestPriority);
    } catch {
      return;
    }
    const args = ['-r', '-R', '-p', realTime, String(process.pid)];
    this.#isRealTime = toolOutput('chrt', args).then((output) => output !== undefined);
  }

  /** Back to what was usual; resolves when it is. */
  async end(): Promise<void> {
    const usual = this.#usualPriority;
    if (usual === undefined) return;
    this.#usualPriority = undefined;
    setPriority(usual);
    if (await this.#isRealTime) await toolOutput('chrt', ['-o', '-p', '0', String(process.pid)]);
  }
}
