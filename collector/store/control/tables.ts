import type { Generated } from 'kysely';
import type { AlertVerdict, CommandState, HostState, Level } from '../contract.ts';

/** Rows as SQLite holds them: instants in microseconds, lists and objects as JSON text, booleans as 0 or 1. */
export interface Tables {
  migration: { number: number; name: string };
  host: {
    id: string;
    hostname: string;
    os: string;
    os_version: string | null;
    kernel: string | null;
    arch: string | null;
    agent_version: string | null;
    enrolled_at: number;
    last_seen_at: number | null;
    connected: number;
    state: HostState;
    state_reason: string | null;
    state_at: number | null;
  };
  alert: {
    id: string;
    rule_id: string;
    rule_title: string;
    level: Level;
    host_id: string;
    host_name: string;
    status: 'open' | 'acknowledged' | 'closed';
    raised_at: number;
    first_event_at: number;
    last_event_at: number;
    count: number;
    tags: string;
    reason: string;
    matches: string;
    event_ids: string;
    event: string;
    changed_at: number | null;
    changed_by: string | null;
    note: string | null;
    verdict: AlertVerdict | null;
    /** What the collector detected in the events, and what the host did; `count` is the larger. */
    central_count: number;
    edge_count: number;
    /** Of a correlation; see RaisedAlert. */
    group_key: string | null;
    /** The id by which the other side knows the episode, where it begins it elsewhere. */
    twin_id: string | null;
  };
  /** What each host says of its rules. */
  host_bundle: {
    host_id: string;
    wanted_version: number | null;
    wanted_digest: string | null;
    state: string;
    version: number;
    digest: string;
    expires_at: number;
    code: string;
    detail: string;
    since: number;
    told_at: number;
    report: string;
  };
  /** One row: where detection stands. */
  detection: { id: 1; cursor: number };
  /** One row at most: the state of detection as of a cursor. */
  detection_snapshot: { id: 1; cursor: number; data: Uint8Array };
  enrolment_token: {
    id: string;
    secret_hash: string;
    created_at: number;
    expires_at: number;
    uses: number;
    max_uses: number;
    host_pattern: string | null;
    revoked_at: number | null;
  };
  certificate: {
    serial: string;
    host_id: string;
    fingerprint: string;
    issued_at: number;
    expires_at: number;
    revoked_at: number | null;
    revoked_reason: string | null;
  };
  credential: {
    id: string;
    kind: 'session' | 'token' | 'sign-in-link';
    secret_hash: string;
    name: string;
    role: string;
    created_at: number;
    expires_at: number | null;
  };
  command: {
    id: string;
    host_id: string;
    name: string;
    arguments: string;
    state: CommandState;
    issued_at: number;
    issued_by: string;
    expires_at: number;
    sent_at: number | null;
    sends: number;
    answered_at: number | null;
    code: string;
    detail: string;
    output: string | null;
    cut: number;
  };
  rollout: { id: string; started_at: number; content: string };
  hunt: {
    name: string;
    title: string;
    description: string;
    tags: string;
    parameters: string;
    sql: string;
    saved_at: number;
    saved_by: string;
  };
  bundle: {
    version: number;
    digest: string;
    name: string;
    expires_at: number;
    min_agent_version: string;
    untested: string;
    files: number;
    size_bytes: number;
    added_at: number;
    added_by: string;
    content: Uint8Array;
  };
  bundle_switch: {
    number: Generated<number>;
    version: number;
    digest: string;
    at: number;
    switched_by: string;
    reason: string;
    cursor: number;
  };
  bundle_root: { version: number; document: Uint8Array };
  /** One row at most: what is trusted. */
  bundle_trust: { id: 1; data: Uint8Array };
  query_schedule: {
    name: string;
    sql: string;
    interval_s: number;
    hosts: string;
    enabled: number;
    made_at: number;
    made_by: string;
    changed_at: number;
    changed_by: string;
  };
  audit: {
    number: number;
    at: number;
    actor: string;
    action: string;
    target: string;
    detail: string;
    hash: string;
  };
}
