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

/** Told of every answer 401, so that the page can go back to signing in. */
export const signedOut = new EventTarget();

/**
 * One request to the API. Throws `ApiProblem` for what the collector refuses and `TypeError` when it cannot be
 * reached. The header marks the request as one of our own pages; see collector/api/guard.ts.
 */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      'x-vedette-request': '1',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (answer.status === 204) return undefined as T;
  if (answer.ok) return (await answer.json()) as T;
  if (answer.status === 401) signedOut.dispatchEvent(new Event('signed-out'));
  throw new ApiProblem(await problemIn(answer));
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
