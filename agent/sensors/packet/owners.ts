import type { Endpoints } from './flow/endpoints.ts';

/** Fields of an event that tell of the process at this host's end. */
export interface OwnerFields {
  readonly 'process.pid'?: number | undefined;
  readonly 'process.entity_id'?: string | undefined;
  readonly 'process.name'?: string | undefined;
  readonly 'process.executable'?: string | undefined;
  readonly 'process.command_line'?: string | undefined;
  readonly 'process.parent.executable'?: string | undefined;
  readonly 'user.id'?: string | undefined;
  readonly 'user.name'?: string | undefined;
}

/** Finds the processes at this host's end of connections. */
export interface Owners {
  /** Asks for the owner of a connection that has just begun. */
  want(endpoints: Endpoints): void;
  /** Looks up what is wanted, when it is time. */
  settle(): void;
  /** `wanted` while the owner is still to be looked up, undefined when it is not known. */
  ownerOf(communityId: string): OwnerFields | 'wanted' | undefined;
}
