import type { Generated } from 'kysely';
import type { AlertVerdict, CommandState, Credential, HostState, Level, SignInWay } from '../contract.ts';

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
  host_group: { name: string; description: string; changed_at: number; changed_by: string };
  host_group_member: { group_name: string; host_id: string };
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
    /** See RaisedAlert; null for what the collector itself saw. */
    entity_key: string | null;
    entity: string;
    samples: string;
    /** Percent, and how it came about. */
    confidence: number;
    confidence_reason: string;
    response: string | null;
    /** The alert about the same before this one. */
    previous_id: string | null;
    /** Whom risk is counted to. */
    user_name: string | null;
    /** Hour of the clock of the first event it was opened with. */
    opened_hour: number;
    story_id: string | null;
    /** 1 while it is to be put into a story; 2 when the one it belongs to had no room. */
    needs_story: number;
    /** 1 while its tree is to be frozen. */
    needs_tree: number;
  };
  /** By id of the alert: the processes around it, as they were when it was raised. */
  alert_tree: { id: string; tree: string };
  story: {
    id: string;
    /** The story it became part of. */
    merged_into: string | null;
    first_at: number;
    last_at: number;
    alerts: number;
    /** Alerts that belong to it and that it has no room for. */
    beyond: number;
    summary: string;
  };
  /** What relates alerts to one another; of tokens their hashes. */
  alert_relation: { token: string; alert_id: string; host_id: string; first_at: number; last_at: number };
  /** Whose risk was told to be high, until it is low again. */
  risk_above: { subject: string; since: number };
  /** One row: alerts that were given up. */
  alert_pruned: { id: 1; alerts: number };
  /** Hits that raise no alert. */
  alert_exception: {
    id: string;
    rule_id: string | null;
    entity_key: string | null;
    /** Glob over host ids and names. */
    hosts: string | null;
    /** As people write it; empty for every event. */
    filter: string;
    reason: string;
    made_at: number;
    made_by: string;
    expires_at: number;
    /** As with alerts: what the collector saw and what hosts did; the larger one holds. */
    central_hits: number;
    edge_hits: number;
    last_hit_at: number | null;
    last_host: string | null;
    last_rule: string | null;
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
    kind: Credential['kind'];
    secret_hash: string;
    /** Of the token or service. */
    name: string;
    /** Of a service; the account's holds where there is one. */
    role: string;
    created_at: number;
    expires_at: number | null;
    account_id: string | null;
    via: SignInWay | null;
    scopes: string | null;
    last_seen_at: number | null;
    address: string | null;
    user_agent: string | null;
  };
  account: {
    id: string;
    name: string;
    /** The name in lower case. */
    folded_name: string;
    display_name: string;
    role: string;
    disabled: number;
    password_hash: string | null;
    totp_secret: string | null;
    totp_confirmed_at: number | null;
    totp_last_step: number;
    oidc_issuer: string | null;
    oidc_subject: string | null;
    created_at: number;
    last_sign_in_at: number | null;
  };
  /** Those not used yet, by SHA-256 of the code. */
  recovery_code: { account_id: string; hash: string };
  /** One row. */
  access_setting: {
    id: 1;
    allowed_addresses: string;
    require_second_factor: number;
    session_hours: number;
  };
  retention_setting: {
    id: 1;
    days: number | null;
    days_by_type: string | null;
    max_bytes: number | null;
    changed_at: number;
    changed_by: string;
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
  hunt_schedule: {
    id: string;
    every_s: number | null;
    daily_minute: number | null;
    span_s: number;
    level: Level | null;
    parameters: string;
    enabled: number;
    changed_at: number;
    changed_by: string;
    next_at: number;
    due_at: number | null;
    started_at: number | null;
    ended_at: number | null;
    rows: number | null;
    new_rows: number | null;
    is_cut: number | null;
    error: string | null;
  };
  hunt_result: { id: string; rows: string };
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
