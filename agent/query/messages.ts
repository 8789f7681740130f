import type { QueryEnd } from '#shared/query/bounds.ts';
import type { QueryBounds } from './engine.ts';
import type { QueryHost } from './reader.ts';

/** What the agent sends to its query process. */
export type ToQueryProcess =
  | {
      readonly kind: 'ask';
      readonly sql: string;
      readonly bounds: QueryBounds;
      readonly host: QueryHost;
    }
  /** The last part was passed on: the next may come. */
  | { readonly kind: 'taken' };

/** What the query process answers. */
export type FromQueryProcess =
  | { readonly kind: 'part'; readonly data: Uint8Array }
  | { readonly kind: 'end'; readonly end: QueryEnd }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };
