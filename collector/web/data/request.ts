import type { Problem } from '../../api/problem.ts';

/** A failure the API named. */
export class ApiProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

/** Told whenever the session turns out to have ended, so that the page can go back to signing in. */
export const signedOut = new EventTarget();

/**
 * One request to the API, answered by its head. Throws `ApiProblem` for what the collector refuses and `TypeError`
 * when it cannot be reached. The header marks the request as one of our own pages; see collector/api/guard.ts.
 */
export async function open(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      'x-vedette-request': '1',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  if (answer.ok) return answer;
  const problem = await problemIn(answer);
  if (problem.code === 'api.unauthenticated') signedOut.dispatchEvent(new Event('signed-out'));
  throw new ApiProblem(problem);
}

/** One request to the API, and what it is answered with. Throws as `open` does. */
export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const answer = await open(method, path, body, signal);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

/** The same for an answer that is text, once it has ended. */
export async function requestText(path: string): Promise<string> {
  return await (await open('GET', path)).text();
}

async function problemIn(answer: Response): Promise<Problem> {
  const sent: unknown = await answer.json().catch(() => undefined);
  if (typeof sent === 'object' && sent !== null && 'code' in sent) return sent as Problem;
  return {
    code: 'api.internal',
    title: 'The collector gave an answer this page does not understand.',
    detail: `HTTP ${answer.status}.`,
    action: 'Reload the page; if it recurs, see the log of the collector.',
    status: answer.status,
    retryable: true,
  };
}

/** What to tell the user of a failure: what happened and what to do. */
export function explain(error: unknown): { what: string; action: string } {
  if (error instanceof ApiProblem) return { what: error.problem.detail, action: error.problem.action };
  return {
    what: 'The collector cannot be reached.',
    action: 'Check that it is running; this page tries again by itself.',
  };
}
