/**
 * The one catalogue of errors. A code is stable: tools may match on it. `cause` and `action` are what an
 * operator reads; `close` is the WebSocket close status where the wire ends a connection with it.
 * docs/reference/errors.md is generated from here.
 */
export interface ErrorEntry {
  readonly cause: string;
  readonly action: string;
  readonly retryable: boolean;
  /** WebSocket close status, 4000–4999. */
  readonly close?: number;
}

const entries = {
  'usage.invalid': {
    cause: 'The command line is not understood.',
    action: 'Read the help of the command (--help).',
    retryable: false,
  },
  'config.invalid': {
    cause: 'A setting is unknown or out of its range.',
    action: 'Mend it; docs/reference/config.md lists every setting.',
    retryable: false,
  },
  'usage.no_collector': {
    cause: 'No running collector was found for this data folder.',
    action:
      'Start one with `vedette up`, name its folder with --data, or sign in to one elsewhere with `vedette login`.',
    retryable: true,
  },
  'usage.profile_exposed': {
    cause: 'Others may read the file of collectors that were signed in to, with its tokens.',
    action: 'Give it mode 0600 (`chmod 600 FILE`), and sign in anew where somebody may have read it.',
    retryable: false,
  },
  'usage.collector_untrusted': {
    cause: 'The collector shows a certificate that nobody here vouched for.',
    action:
      'Compare its fingerprint with `vedette ca show` on the machine of the collector, and give that with --fingerprint, or the CA with --ca.',
    retryable: false,
  },
  'data.unreadable': {
    cause: 'The data folder or a file in it cannot be read or written.',
    action: 'Check its owner, mode and free space, or name another folder with --data.',
    retryable: true,
  },
  'data.sync_failed': {
    cause:
      'The disk took data and then failed to keep it, so the collector ended before acknowledging any of it.',
    action:
      "Look at the disk and the kernel's messages, then start the collector again; agents send again what was not acknowledged.",
    retryable: true,
  },
  'data.in_use': {
    cause: 'Another process is using this data folder.',
    action: 'Stop that process, or name another folder with --data.',
    retryable: true,
  },
  'data.corrupt': {
    cause: 'A file in the data folder is damaged or half written.',
    action: 'Restore it from a backup, or move it away; the message names it.',
    retryable: false,
  },
  'data.schema_newer': {
    cause: 'The data folder was written by a newer version of Vedette.',
    action: 'Run that version or a later one; nothing was changed.',
    retryable: false,
  },
  'encryption.key_missing': {
    cause: 'Stored data is encrypted, or is to be, and the key for it was not found.',
    action:
      'Give the key file with --encryption-key-file (or the keys in VEDETTE_ENCRYPTION_KEYS); it must hold every key that data is encrypted under.',
    retryable: false,
  },
  'encryption.key_invalid': {
    cause: 'An encryption key is not 32 bytes in base64, or there is none.',
    action: 'Make a key file with `vedette encryption keygen FILE`, or restore the right one from its copy.',
    retryable: false,
  },
  'encryption.key_exposed': {
    cause: 'Others than its owner may read the file of encryption keys.',
    action: 'Give it mode 0600 (`chmod 600 FILE`), and think of `vedette encryption rotate FILE`.',
    retryable: false,
  },
  'listen.port_in_use': {
    cause: 'The port is taken by another program.',
    action: 'Choose another with --port or --agent-port (0 takes any free one), or stop that program.',
    retryable: true,
  },
  'listen.denied': {
    cause: 'The system does not allow listening on this port or address.',
    action: 'Choose a port above 1023, or an address of this machine.',
    retryable: false,
  },
  'wire.not_binary': {
    cause: 'A text frame arrived where only binary frames are allowed.',
    action: 'Check that the peer speaks the Vedette protocol; update it.',
    retryable: false,
    close: 4400,
  },
  'wire.frame_too_large': {
    cause: 'A frame is larger than the bound.',
    action: "Lower the agent's batch size, or raise the bound on both sides.",
    retryable: false,
    close: 1009,
  },
  'wire.frame_malformed': {
    cause: 'A frame is not valid msgpack or lacks what its kind must have.',
    action: 'Update the older side; if both are current, report it with the log line.',
    retryable: false,
    close: 4422,
  },
  'wire.frame_unknown': {
    cause: 'A frame of a kind this side does not know arrived.',
    action: 'Update the older side.',
    retryable: false,
    close: 4404,
  },
  'wire.frame_unexpected': {
    cause: 'A frame arrived out of order.',
    action: 'Update the older side; if both are current, report it with the log line.',
    retryable: false,
    close: 4409,
  },
  'wire.version_unsupported': {
    cause: 'The two sides have no protocol version in common.',
    action: 'Update the older side.',
    retryable: false,
    close: 4426,
  },
  'wire.batch_malformed': {
    cause: 'A batch does not decode, or says other than what it holds.',
    action: 'The agent sets such a batch aside and counts it; report it with the log line.',
    retryable: false,
    close: 4423,
  },
  'wire.sequence_gap': {
    cause: 'A batch arrived whose predecessor is missing.',
    action: 'Nothing to do: the agent sends again from the mark it is given.',
    retryable: true,
    close: 4410,
  },
  'wire.credit_exceeded': {
    cause: 'More was in flight than the collector allowed.',
    action: 'Update the agent.',
    retryable: false,
    close: 4429,
  },
  'wire.stalled': {
    cause: 'The peer did not answer within the time limit.',
    action: 'Check the network between the two; the agent reconnects by itself.',
    retryable: true,
    close: 4408,
  },
  'wire.busy': {
    cause: 'The collector cannot take more now.',
    action: 'Nothing to do: the agent waits and tries again.',
    retryable: true,
    close: 4503,
  },
  'wire.store_failed': {
    cause: 'The collector could not make the batch durable.',
    action: "Check the collector's disk; the agent keeps the events and tries again.",
    retryable: true,
    close: 4507,
  },
  'wire.shutdown': {
    cause: 'The peer is shutting down.',
    action: 'Nothing to do: the agent reconnects by itself.',
    retryable: true,
    close: 4001,
  },
  'wire.replaced': {
    cause: 'A newer connection of the same agent took over.',
    action: 'Nothing to do, unless it recurs: then two agents share one identity; enrol one of them anew.',
    retryable: true,
    close: 4009,
  },
  'identity.no_certificate': {
    cause: 'The agent presented no certificate.',
    action: 'Enrol the agent with `vedette enroll`.',
    retryable: false,
    close: 4401,
  },
  'identity.untrusted': {
    cause: 'The certificate was not issued by a CA of this collector, or is not one of an agent.',
    action: 'Enrol the agent again with a fresh token.',
    retryable: false,
    close: 4403,
  },
  'identity.unknown_host': {
    cause: 'The certificate is valid but the host is not known here.',
    action: 'Enrol the agent again with a fresh token.',
    retryable: false,
    close: 4406,
  },
  'identity.expired': {
    cause: 'The certificate has expired, and so has the time in which it could still be renewed.',
    action: 'Enrol the agent again: `vedette enroll --again --token TOKEN` keeps its host id.',
    retryable: false,
    close: 4411,
  },
  'identity.renew_first': {
    cause: 'The certificate has expired; all it is good for is to be renewed.',
    action:
      'Nothing to do: the agent renews it. An agent that does not know how must be updated or enrolled again.',
    retryable: true,
    close: 4412,
  },
  'identity.renewed': {
    cause:
      'The agent has a new certificate, or the one of its connection has expired: it is to connect anew.',
    action: 'Nothing to do: the agent connects again at once.',
    retryable: true,
    close: 4413,
  },
  'identity.renewal_refused': {
    cause: 'A request for the next certificate was not sound, or came too soon after the one before.',
    action: 'The agent asks again later; when it keeps happening, report it with the log line.',
    retryable: true,
    close: 4414,
  },
  'identity.revoked': {
    cause: 'This host or this certificate was revoked.',
    action:
      'Find out why (`vedette hosts`). If the host is sound, `vedette hosts restore ID`, or enrol it anew.',
    retryable: false,
    close: 4415,
  },
  'identity.decommissioned': {
    cause: 'This host was taken out of service; its agent stops trying.',
    action: 'Remove the agent, or bring the host back with `vedette hosts restore ID` and restart the agent.',
    retryable: false,
    close: 4416,
  },
  'identity.cloned': {
    cause: 'Another agent is connected under this identity, and alive.',
    action:
      'Find both machines: one is a copy of the other. Enrol the copy with a token of its own, in a fresh data folder.',
    retryable: true,
    close: 4417,
  },
  'identity.foreign_stream': {
    cause: 'An agent sent a batch on a stream that belongs to another host.',
    action: 'Treat the host as an attacker or as a copy: revoke it, or enrol it with a fresh data folder.',
    retryable: false,
    close: 4418,
  },
  'identity.name_taken': {
    cause: 'A host calls itself by the name of another host; it keeps the name it had.',
    action: 'Find out whether it was renamed or pretends; if the other host is gone, decommission that one.',
    retryable: false,
  },
  'identity.trust_refused': {
    cause: 'The collector named CAs that are none, too many or unreadable; the agent keeps those it had.',
    action: "Look at the collector's pki folder.",
    retryable: false,
    close: 4419,
  },
  'pki.ca_unusable': {
    cause: 'The CA in the pki folder cannot be used: the detail says why.',
    action:
      'Put a self-signed CA certificate in pki/ca.crt and its key in pki/ca.key, ECDSA P-256 or P-384 or RSA.',
    retryable: false,
  },
  'pki.rotation_unfinished': {
    cause: 'As many CAs are trusted as may be at once.',
    action: 'Wait until the oldest has retired (`vedette ca show` says when).',
    retryable: true,
  },
  'proxy.invalid': {
    cause: 'The address of the proxy cannot be used.',
    action:
      'Give it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT in the setting `proxy` or in HTTPS_PROXY.',
    retryable: false,
  },
  'proxy.unreachable': {
    cause: 'No connection to the proxy could be made.',
    action: 'Check its address and that it runs.',
    retryable: true,
  },
  'proxy.authentication_refused': {
    cause: 'The proxy asks for a name and password, or refuses those it got (407).',
    action: 'Put them into the URL of the proxy: http://USER:PASSWORD@HOST:PORT.',
    retryable: true,
  },
  'proxy.refused': {
    cause: 'The proxy would not connect to the collector, or its answer is none of HTTP.',
    action: "Allow CONNECT to the collector's address and port at the proxy.",
    retryable: true,
  },
  'proxy.stalled': {
    cause: 'The proxy did not answer within the time limit.',
    action: 'Check the proxy and the network behind it.',
    retryable: true,
  },
  'identity.collector_untrusted': {
    cause: "The collector's certificate is not of the CA this agent is bound to.",
    action: 'Check the address; if the collector was set up anew, enrol the agent again.',
    retryable: false,
  },
  'enroll.token_malformed': {
    cause: 'The enrolment token is not of the right form.',
    action: 'Copy it whole, from `vedette enroll --new-token`.',
    retryable: false,
  },
  'enroll.token_refused': {
    cause: 'The enrolment token is unknown, used up or expired.',
    action: 'Make a fresh one with `vedette enroll --new-token`.',
    retryable: false,
  },
  'enroll.host_refused': {
    cause: 'The token is for hosts of other names.',
    action: 'Make a token whose --hosts pattern fits this host; the refusal did not use this one up.',
    retryable: false,
  },
  'enroll.host_unproven': {
    cause: 'To keep its host id the agent must show a certificate it was issued, which was not revoked.',
    action: 'Enrol without --again; the machine is then a new host.',
    retryable: false,
  },
  'enroll.request_malformed': {
    cause: 'The enrolment request does not hold a valid certificate request.',
    action: 'Update the agent.',
    retryable: false,
  },
  'agent.already_running': {
    cause: 'Another agent runs on this host under the same name.',
    action: 'Stop it first, or give this one another name with the setting `instance` (or VEDETTE_INSTANCE).',
    retryable: true,
  },
  'agent.not_running': {
    cause: 'No agent answers for this data folder.',
    action: 'Start it (vedette agent), or name its folder with --data.',
    retryable: true,
  },
  'agent.not_enrolled': {
    cause: 'This agent has no identity yet.',
    action: 'Run `vedette enroll --token TOKEN` first.',
    retryable: false,
  },
  'agent.outbox_corrupt': {
    cause: "The agent's outbox is damaged.",
    action:
      'Nothing to do: it was set aside, what could be read was saved, and the rest is declared lost. Check the disk.',
    retryable: true,
  },
  'agent.outbox_full': {
    cause: "The agent's outbox reached its bound of size or age.",
    action: 'Bring the collector back, or raise outboxMaxBytes or outboxMaxAgeMs.',
    retryable: true,
  },
  'event.unknown_type': {
    cause: 'There is no event type of this name.',
    action: 'See docs/reference/events.md for the types.',
    retryable: false,
  },
  'event.invalid': {
    cause: 'An event lacks a required field or holds a value of the wrong type.',
    action: 'The event is counted as lost; report it with the log line.',
    retryable: false,
  },
  'event.not_json': {
    cause: 'A document of the events given is not valid JSON, or breaks off.',
    action: 'Mend it at the line given; the other documents were read.',
    retryable: false,
  },
  'event.too_large': {
    cause: 'A document of the events given is larger or nests deeper than the bound.',
    action: 'Split it; the other documents were read.',
    retryable: false,
  },
  'event.unreadable': {
    cause: 'The file of events cannot be read.',
    action: 'Check the path and its mode.',
    retryable: true,
  },
  'rule.not_yaml': {
    cause: 'The file is not valid YAML.',
    action: 'Mend it at the line given.',
    retryable: false,
  },
  'rule.not_sigma': {
    cause: 'The document is not a Sigma rule.',
    action: 'Give it a title, a logsource and a detection with a condition.',
    retryable: false,
  },
  'rule.invalid': {
    cause: 'The rule breaks the Sigma specification.',
    action: 'Mend it at the place given.',
    retryable: false,
  },
  'rule.unsupported': {
    cause: 'The rule uses a feature this version does not have.',
    action: 'Leave the feature out, or update Vedette.',
    retryable: false,
  },
  'rule.regex_unsafe': {
    cause: 'A regular expression may take exponential time.',
    action: 'Rewrite it without nested or overlapping repetition.',
    retryable: false,
  },
  'rule.placeholder_unresolved': {
    cause: 'A placeholder has no values.',
    action: 'Give it values in a list of that name.',
    retryable: false,
  },
  'rule.not_found': {
    cause: 'No accepted rule has this id, name or title.',
    action:
      'Check the name, or say with --rules where to look; `vedette rules lint` tells why rules are refused.',
    retryable: false,
  },
  'rule.unreadable': {
    cause: 'The rule file or folder cannot be read.',
    action: 'Check the path and its mode.',
    retryable: true,
  },
  'rule.too_large': {
    cause: 'The rule or rule file is larger than the bound.',
    action: 'Split it.',
    retryable: false,
  },
  'rule.duplicate': {
    cause: 'Two rules have the same id.',
    action: 'Give one of them a fresh id.',
    retryable: false,
  },
  'rule.discouraged': {
    cause: 'The rule is clear, but says something in a way the Sigma specification advises against.',
    action: 'Reword it as the message says; until then it works as written.',
    retryable: false,
  },
  'rule.reference_unknown': {
    cause: 'A filter names a rule that it cannot apply to.',
    action: 'Name rules by id or name, and give the filter a logsource that theirs falls under.',
    retryable: false,
  },
  'rule.pipeline_refused': {
    cause: 'A processing pipeline refuses the rule, or cannot be applied to it.',
    action: 'Change the rule or the pipeline as the message says, or leave the pipeline out.',
    retryable: false,
  },
  'pipeline.invalid': {
    cause: 'A processing pipeline is not understood, and was left out.',
    action: 'Mend it at the place given; shared/sigma/README.md lists what pipelines may hold.',
    retryable: false,
  },
  'pipeline.unsupported': {
    cause: 'A processing pipeline uses something that is about query languages or other tools.',
    action: 'Take it out; events are matched here without a query.',
    retryable: false,
  },
  'rule.field_unknown': {
    cause: 'The rule names a field that the events it is about do not have.',
    action: 'Use a name from docs/reference/events.md; until then the item never holds.',
    retryable: false,
  },
  'rule.test_invalid': {
    cause: 'A file of tests of rules is not what it should be.',
    action: 'Mend the case; docs/rules.md says what one holds.',
    retryable: false,
  },
  'rule.detector_invalid': {
    cause: 'A file that sets a detector names none, or a parameter it does not have or not such a value.',
    action:
      'Mend the file; `vedette rules detectors` lists detectors, their parameters and what they may be.',
    retryable: false,
  },
  'rule.import_refused': {
    cause: 'The archive or folder of rules to import is not one that can be taken.',
    action:
      'Give a folder, or a .tar.gz, .tgz, .tar or .zip of rules; an archive within the bounds the message names.',
    retryable: false,
  },
  'rule.failed': {
    cause: 'A rule failed while it ran.',
    action:
      'It was set aside until the rules are loaded again; the others go on. Report it with the log line.',
    retryable: false,
  },
  'rule.value_too_costly': {
    cause: 'A rule asked for more work on one value than a rule may take.',
    action:
      'The value counted as not matching; the rule goes on. Give its expression fewer or shorter counted repetitions.',
    retryable: false,
  },
  'detection.snapshot_unusable': {
    cause: 'The snapshot of what correlations remember cannot be kept or taken up.',
    action:
      'Nothing: the next start reads it anew from stored events, which takes longer. Report it if it recurs.',
    retryable: true,
  },
  'detection.history_incomplete': {
    cause: 'A new correlation looked back, and not all it should have seen could be read.',
    action:
      'Nothing: it may raise less than it would have until its timespan is over. Look at the disk where files cannot be read.',
    retryable: false,
  },
  'api.unauthenticated': {
    cause: 'The request carries no valid session or token.',
    action: 'Sign in with name and password or through the link `vedette up` prints; scripts send a token.',
    retryable: false,
  },
  'api.forbidden': {
    cause: 'The session or token may not do this.',
    action: 'Ask an admin for the role.',
    retryable: false,
  },
  'api.cross_site': {
    cause: 'A request that changes something came from a page of another site.',
    action: 'Use the dashboard under its own address; scripts send a token instead of the session cookie.',
    retryable: false,
  },
  'api.sign_in_refused': {
    cause:
      'The name, password or code is not right; or the sign-in link is unknown, was used already or has expired.',
    action:
      'Try again, make a fresh link with `vedette sign-in` on the machine of the collector, or ask an admin for one.',
    retryable: false,
  },
  'api.second_factor_needed': {
    cause: 'The password is right, and the user has a second factor.',
    action: 'Send the same again with `code`: six digits of the authenticator app, or a recovery code.',
    retryable: false,
  },
  'access.second_factor_required': {
    cause: 'Everybody here must have a second factor, and this user has none yet.',
    action: 'Set it up in the settings of the own account; until then nothing else is allowed.',
    retryable: false,
  },
  'access.proof_refused': {
    cause: 'The password or code that the change asks for is not right or not there.',
    action:
      'Give the present password or a fresh code. Who forgot the password asks an admin for a sign-in link and sets another within 10 minutes.',
    retryable: false,
  },
  'access.password': {
    cause: 'The password is too short, too long, the name of the user or one of those everybody tries first.',
    action: 'Take another of at least 12 characters; several words at random are easy to keep in mind.',
    retryable: false,
  },
  'access.user_exists': {
    cause: 'There is a user of this name already; case makes no difference.',
    action: 'Choose another name.',
    retryable: false,
  },
  'oidc.unavailable': {
    cause: 'The provider of identities did not answer, or not with what a provider says.',
    action: 'Try again; if it stays so, compare oidcIssuer with what the provider calls itself.',
    retryable: true,
  },
  'oidc.refused': {
    cause: 'What came back from the provider of identities is not what was asked for, or is not from it.',
    action:
      'Begin again at the sign-in page, in one browser, within 10 minutes. If it stays so, check client id, client secret, and the clocks of both machines.',
    retryable: false,
  },
  'oidc.not_allowed': {
    cause: 'The provider of identities knows this person, but they may not come in here.',
    action:
      'Ask an admin for a role; oidcRoles, oidcDefaultRole and oidcEmailDomains say who may, and `vedette users` who is disabled.',
    retryable: false,
  },
  'access.last_admin': {
    cause: 'Nobody could administer any more.',
    action: 'Give another user the role admin first.',
    retryable: false,
  },
  'access.too_many': {
    cause: 'There are as many of them as there may be.',
    action: 'Remove those that are not needed any more.',
    retryable: false,
  },
  'access.address_refused': {
    cause: 'This address is not among those that may reach the collector.',
    action:
      'Come from an allowed address; on the machine of the collector `vedette access set` changes the list.',
    retryable: false,
  },
  'access.own_address': {
    cause: 'The list of allowed addresses would shut out whoever sets it.',
    action: 'Put your own address on it as well, or set it on the machine of the collector.',
    retryable: false,
  },
  'retention.unconfirmed': {
    cause: 'Keeping events for less long deletes what is stored, and nobody said that so much may go.',
    action: 'Look at what would go (`vedette retention set --preview`), and name the number of events.',
    retryable: false,
  },
  'api.not_found': {
    cause: 'There is nothing of this name.',
    action: 'Check the id or path.',
    retryable: false,
  },
  'api.invalid': {
    cause: 'The request breaks the schema of its route.',
    action: 'Mend what the detail names; see /api/v1/openapi.json.',
    retryable: false,
  },
  'api.too_large': {
    cause: 'The request is larger than the bound.',
    action: 'Send less in one request.',
    retryable: false,
  },
  'api.not_json': {
    cause: 'The body of the request is not JSON.',
    action: 'Send a JSON document with the content type application/json.',
    retryable: false,
  },
  'api.timeout': {
    cause: 'The request took longer than the bound.',
    action: 'Ask for less: a shorter time, fewer items, fewer conditions.',
    retryable: true,
  },
  'api.conflict': {
    cause: 'The thing has changed or is in a state that does not allow this.',
    action: 'Read it again and retry.',
    retryable: true,
  },
  'api.too_many_requests': {
    cause: 'Too many requests from this address.',
    action: 'Wait as long as the Retry-After header says.',
    retryable: true,
  },
  'api.internal': {
    cause: 'The collector failed at this request.',
    action: "See the collector's log for the request id.",
    retryable: true,
  },
  'feed.too_slow': {
    cause: 'A client of the live feed did not take messages as fast as they came.',
    action: 'Connect again and read what was missed through the API; subscribe to fewer topics.',
    retryable: true,
    close: 4431,
  },
  'feed.message_invalid': {
    cause: 'A message to the live feed is not of the right form.',
    action: 'Send {"subscribe": [topics]} with topics of alert, host, command, rates and stored.',
    retryable: false,
    close: 4432,
  },
  'feed.signed_out': {
    cause: 'The session or token of this feed has ended.',
    action: 'Sign in again.',
    retryable: false,
    close: 4433,
  },
  'store.seal_failed': {
    cause:
      'Events could not be moved from the journal into segments; they stay in the journal and are stored all the same.',
    action: "Look at the collector's disk: free space, mode and owner of `segments` in the data folder.",
    retryable: true,
  },
  'store.cursor_invalid': {
    cause: 'The cursor was not given by this list.',
    action: 'Start again without a cursor.',
    retryable: false,
  },
  'filter.syntax': {
    cause: 'The filter cannot be read.',
    action: 'Mend it where the message says; docs/searching.md describes the language.',
    retryable: false,
  },
  'filter.unknown_field': {
    cause: 'The filter names a field that no event has.',
    action: 'List the fields with `vedette events fields`; put text that holds a colon in quotes.',
    retryable: false,
  },
  'filter.value': {
    cause: 'The filter asks a field for something it cannot hold.',
    action: 'Give a value that fits the field; `vedette events fields` says what it holds.',
    retryable: false,
  },
  'filter.too_large': {
    cause: 'The filter is longer or deeper than the bound.',
    action: 'Ask in several searches, or with `vedette hunt`.',
    retryable: false,
  },
  'tree.no_process': {
    cause: 'No process fits that host, pid and time.',
    action: 'Check them with `vedette events process.pid:PID --host HOST`; times are of the host.',
    retryable: false,
  },
  'capture.unreadable': {
    cause: 'The capture file is missing or cannot be read.',
    action: 'Check the path and its mode.',
    retryable: true,
  },
  'capture.not_a_capture': {
    cause: 'The file is neither pcap nor pcapng.',
    action: 'Give a capture as tcpdump or Wireshark write it, unpacked.',
    retryable: false,
  },
  'capture.link_type_unknown': {
    cause: 'The capture holds frames of a kind that is not understood.',
    action: 'Capture on Ethernet, loopback, raw IP or the `any` device.',
    retryable: false,
  },
  'capture.damaged': {
    cause: 'The capture file ends in the middle of a packet, or is damaged from some place on.',
    action: 'Nothing is lost of what stands before the damage; capture again for the rest.',
    retryable: false,
  },
  'command.invalid': {
    cause: 'The command is not known, or its arguments or instants are not what its declaration asks for.',
    action: 'See `vedette command --help` for the commands and their arguments.',
    retryable: false,
  },
  'command.unknown_kind': {
    cause: 'The agent does not know this command.',
    action: 'Update the agent.',
    retryable: false,
  },
  'command.unsupported': {
    cause: 'The agent of this host is of a version that takes no commands.',
    action: 'Update the agent.',
    retryable: false,
  },
  'command.expired': {
    cause: 'The command was not begun, or not answered, in time.',
    action: 'See whether the host is connected and give the command again, with more time if need be.',
    retryable: true,
  },
  'command.interrupted': {
    cause: 'The agent ended while the command was running; it may have been done in part.',
    action: 'Look at the host, then give the command again if it is still wanted.',
    retryable: true,
  },
  'command.timed_out': {
    cause: 'The command took longer than its kind may.',
    action: 'Give it again when the host is less busy, or ask for less.',
    retryable: true,
  },
  'command.canceled': {
    cause: 'The command was given up before it was done; it may have been done in part.',
    action: 'Give it again if it is still wanted.',
    retryable: true,
  },
  'command.failed': {
    cause: 'The command could not be done.',
    action: 'The detail says why.',
    retryable: true,
  },
  'command.busy': {
    cause: 'The host has as many commands open as it may.',
    action: 'Wait until some are answered or have expired.',
    retryable: true,
  },
  'command.output_too_large': {
    cause: 'The output of the command is larger than the bound.',
    action: 'Ask for less.',
    retryable: false,
  },
  'command.result_malformed': {
    cause: 'The agent answered with something that is no result of this command.',
    action: 'Update the agent; if it is current, look at the host.',
    retryable: false,
  },
  'command.ledger_damaged': {
    cause: 'The record of commands the agent has begun was damaged, so it cannot tell whether this one ran.',
    action: 'Look at the host, then give the command again if it is still wanted.',
    retryable: true,
  },
  'backtest.busy': {
    cause: 'Too many backtests wait already.',
    action: 'Wait for one of them to end, or cancel it; `vedette rules backtest` says how far it is.',
    retryable: true,
  },
  'backtest.limit': {
    cause: 'The backtest would take more memory, files or matches than it may.',
    action:
      'Take a shorter time, fewer hosts or fewer rules; a rule that matches nearly everything needs a filter.',
    retryable: false,
  },
  'backtest.cancelled': {
    cause: 'The backtest was cancelled.',
    action: 'Start it again if that was not meant.',
    retryable: true,
  },
  'backtest.failed': {
    cause: 'The process of the backtest ended or could not read what is stored.',
    action: 'Try again; if it stays, the log of the collector says more.',
    retryable: true,
  },
  'hunt.invalid': {
    cause: 'The SQL of the hunt cannot be run.',
    action: 'Mend what the detail names; docs/hunting.md says which SQL there is.',
    retryable: false,
  },
  'hunt.unknown_name': {
    cause: 'The SQL names a table or column that is none.',
    action: 'Use a name of docs/reference/events.md, or ask with DESCRIBE events.',
    retryable: false,
  },
  'hunt.refused': {
    cause: 'The SQL does something other than read stored events.',
    action:
      'Ask with one SELECT over the event types and events; files, network and settings are out of reach.',
    retryable: false,
  },
  'hunt.parameter': {
    cause: 'A parameter of the hunt is missing, unknown or not of its type.',
    action:
      'Give each `$name` a value with --param name=value; `vedette hunt show` lists those of a saved hunt.',
    retryable: false,
  },
  'hunt.limit': {
    cause: 'The hunt went beyond its bound of time, memory or size.',
    action: 'Ask for less: a time range, fewer columns, a filter, an aggregate; or allow it more time.',
    retryable: false,
  },
  'hunt.cancelled': {
    cause: 'The hunt was cancelled.',
    action: 'Run it again if it is still wanted.',
    retryable: true,
  },
  'hunt.busy': {
    cause: 'As many hunts run and wait as may.',
    action: 'Wait until one has ended, or cancel one.',
    retryable: true,
  },
  'hunt.failed': {
    cause: 'The process that runs hunts failed or was ended.',
    action: 'Run the hunt again; if it recurs, see the log of the collector.',
    retryable: true,
  },
  'query.refused': {
    cause: 'The statement is not one that only reads.',
    action: 'Ask with one SELECT or WITH; live queries change nothing.',
    retryable: false,
  },
  'query.invalid': {
    cause: 'SQLite does not understand the statement.',
    action: 'Mend it; `vedette query --tables` shows tables and columns.',
    retryable: false,
  },
  'query.constraint_missing': {
    cause: 'A table that is looked up, not read whole, was asked for without saying what to look up.',
    action: 'Compare one of the named columns with = or IN, in the same way throughout the statement.',
    retryable: false,
  },
  'query.table_unavailable': {
    cause: 'The table is not there on the system of this host.',
    action: 'Ask hosts of the other system.',
    retryable: false,
  },
  'query.timed_out': {
    cause: 'The query took longer than it may on the host.',
    action: 'Ask for less, or give it more time with --timeout.',
    retryable: true,
  },
  'query.too_large': {
    cause: 'The query took more memory or rows than it may on the host.',
    action: 'Ask for less: fewer tables, a narrower condition, an aggregate.',
    retryable: false,
  },
  'query.canceled': {
    cause: 'The query was ended before it was done.',
    action: 'Ask again if the answer is still wanted.',
    retryable: true,
  },
  'query.connection_lost': {
    cause: 'The connection of the host ended before its answer was whole.',
    action: 'Ask again when it is back.',
    retryable: true,
  },
  'query.host_away': {
    cause: 'The host is not connected.',
    action: 'Ask again when it is back.',
    retryable: true,
  },
  'query.no_host': {
    cause: 'No host is of that name or id.',
    action: '`vedette hosts` lists them; * and ? stand for any characters.',
    retryable: false,
  },
  'query.busy': {
    cause: 'As many live queries run as may, at the collector or on the host.',
    action: 'Wait until some have ended, or cancel one.',
    retryable: true,
  },
  'query.name_taken': {
    cause: 'A scheduled query has this name.',
    action: 'Choose another name, or change or remove that one.',
    retryable: false,
  },
  'query.too_many': {
    cause: 'There are as many scheduled queries as may be.',
    action: 'Remove one that is not needed.',
    retryable: false,
  },
  'query.disabled': {
    cause: 'Live queries are switched off on this host.',
    action: 'Its owner can set `liveQueries` to `on` in agent/config.json.',
    retryable: false,
  },
  'query.failed': {
    cause: 'The query could not be answered.',
    action: 'The detail says why.',
    retryable: true,
  },
  'audit.broken': {
    cause: 'The audit log was changed other than by adding to it.',
    action: 'Treat the collector as tampered with: keep its data folder, compare it with a backup.',
    retryable: false,
  },
  'rollout.plan': {
    cause: 'The stages or gates of a rollout are not understood.',
    action: 'Give stages such as `--stages web-1 25% everyone`; the last one is everyone.',
    retryable: false,
  },
  'rollout.busy': {
    cause: 'Another rollout is under way.',
    action: 'Wait for it, or end it with `vedette rules rollback`; `vedette rules rollout` shows it.',
    retryable: true,
  },
  'rollout.state': {
    cause: 'The rollout is not in a state in which that can be done.',
    action: 'Look at it with `vedette rules rollout`.',
    retryable: false,
  },
  'rollout.own_approval': {
    cause: 'A rollout must be approved by somebody else than who started it.',
    action: 'Ask another rule admin to approve it.',
    retryable: false,
  },
  'rules.switch_failed': {
    cause: 'The rules of a bundle could not be put in force; those of before still are.',
    action: "Try again; if it recurs, see the collector's log.",
    retryable: true,
  },
  'rules.refused': {
    cause: 'A rule of the bundle does not compile, so none of it was put in force.',
    action:
      'Mend the rule, or leave it out, and build the bundle again; `vedette rules lint` names all of them.',
    retryable: false,
  },
  'rules.untested': {
    cause: 'A rule has no test that hits and one that nearly does, or a test of it fails.',
    action: 'Write them into its *.test.yml, or say --force-untested; the rule is marked then.',
    retryable: false,
  },
  'rules.busy': {
    cause: 'Too many changes of bundles wait for one another.',
    action: 'Try again when they are done.',
    retryable: true,
  },
  'rules.check_failed': {
    cause: 'Rules could not be checked within the time or memory there is for it.',
    action: 'Check fewer at once, or find the one with `vedette rules lint`.',
    retryable: false,
  },
  'key.exists': {
    cause: 'A key would be written over one that is there.',
    action: 'Choose another name, or move the old one away.',
    retryable: false,
  },
  'key.unreadable': {
    cause: 'A file does not hold the key it should.',
    action: 'Name a file that `vedette rules keygen` made, or restore it from its backup.',
    retryable: false,
  },
  'key.exposed': {
    cause: 'Others than its owner may read the file of a private key.',
    action: 'Give it the mode 600; if others could have read it, replace the key.',
    retryable: false,
  },
  'key.locked': {
    cause: 'The key is locked and the passphrase given does not open it.',
    action: 'Give the right one at the prompt, with --passphrase-file, or in VEDETTE_PASSPHRASE.',
    retryable: false,
  },
  'bundle.key_offline': {
    cause: 'The collector has no key for this role: the root keeps it elsewhere.',
    action: 'Sign where the key is with `vedette rules sign`, then push the file.',
    retryable: false,
  },
  'bundle.malformed': {
    cause: 'A bundle, or a document in it, is not of the form it must have.',
    action: 'Build it again with `vedette rules build`; if it came over the network, fetch it again.',
    retryable: false,
  },
  'bundle.truncated': {
    cause: 'A bundle ends before its end.',
    action: 'Copy or fetch it again.',
    retryable: true,
  },
  'bundle.too_large': {
    cause: 'A bundle has more bytes or files than the bound.',
    action: 'Leave out rules and lists that these hosts do not need.',
    retryable: false,
  },
  'bundle.format_newer': {
    cause: 'A bundle is of a form that this version does not know yet.',
    action: 'Update this side.',
    retryable: false,
  },
  'bundle.path': {
    cause: 'A bundle has a file under a name that may lead elsewhere or mean another file on other systems.',
    action: 'Rename the file; if you did not build this bundle, find out who did.',
    retryable: false,
  },
  'bundle.signature': {
    cause: 'A bundle is not signed by as many keys as the root asks, or a signature is wrong.',
    action: 'Sign it with `vedette rules sign`; if it was signed, it was changed since.',
    retryable: false,
  },
  'bundle.root_unknown': {
    cause: 'A bundle rests on a root that does not lead from the one trusted here.',
    action: 'Sign it under the root of this collector; an agent of another collector must be enrolled again.',
    retryable: false,
  },
  'bundle.root_rotation': {
    cause: 'A root is not signed by enough keys of the root before it, or of its own.',
    action: 'Add the missing signatures with `vedette rules root sign`.',
    retryable: false,
  },
  'bundle.root_older': {
    cause: 'A bundle rests on a root that was replaced.',
    action: 'Build and sign it under the root of now.',
    retryable: false,
  },
  'bundle.root_expired': {
    cause: 'The root of a bundle is past its end.',
    action: 'Make the next root with `vedette rules root rotate` and have it signed.',
    retryable: false,
  },
  'bundle.expired': {
    cause: 'A bundle is past its end.',
    action: 'Build and sign a new one; check the clock where this was said.',
    retryable: false,
  },
  'bundle.statement_missing': {
    cause: 'Nobody of the expiry role says that this bundle is the one to run.',
    action: 'Sign it with a key of the expiry role: `vedette rules sign --role expiry`.',
    retryable: false,
  },
  'bundle.statement_expired': {
    cause: 'That this bundle is the one to run was said for a time that has passed.',
    action: 'Have it said anew with `vedette rules sign --role expiry`; check the clock where this was said.',
    retryable: true,
  },
  'bundle.statement_older': {
    cause: 'The statement with a bundle is not newer than one that was seen: a replay, or a stale copy.',
    action: 'Fetch the bundle that is in force now.',
    retryable: false,
  },
  'bundle.older': {
    cause: 'A bundle is older than the one taken before, and nobody decided to go back.',
    action: 'To go back on purpose, use `vedette rules rollback`.',
    retryable: false,
  },
  'bundle.version_reused': {
    cause: 'Two different bundles bear the same version.',
    action: 'Build it again with a higher version.',
    retryable: false,
  },
  'bundle.mixed': {
    cause: 'Parts of different bundles were put together.',
    action: 'Fetch the bundle again; if it was so when built, treat where it came from as tampered with.',
    retryable: false,
  },
  'bundle.prepared_differs': {
    cause:
      'What a bundle has prepared for hosts is not what the texts of its rules come to at this collector, or it was built by another version.',
    action: 'Build and sign the bundle anew with the version of this collector.',
    retryable: false,
  },
  'bundle.file_changed': {
    cause: 'A file in a bundle is not as it was signed.',
    action: 'Fetch the bundle again; if it stays so, treat where it came from as tampered with.',
    retryable: false,
  },
  'bundle.agent_older': {
    cause: 'A bundle asks for a newer agent.',
    action: 'Update the agent, or build the bundle for older ones.',
    retryable: false,
  },
  'bundle.offer_broken': {
    cause:
      'The parts of a bundle that is offered do not come in order, are not of their size, or are not what was announced.',
    action: 'It is offered again; if it recurs, look at what is between collector and agent.',
    retryable: true,
  },
  'bundle.no_root': {
    cause: 'This host trusts no root, or what it trusts is damaged, so it can take no bundle.',
    action:
      'Make the root of this collector (`vedette rules root`); else enrol the host again with `vedette enroll --again`.',
    retryable: false,
  },
  'bundle.rules_refused': {
    cause: 'A rule in a bundle does not compile on this host.',
    action: 'Mend the rule (`vedette rules lint`), or ask for the agent that knows it.',
    retryable: false,
  },
  'bundle.settings_refused': {
    cause: 'The sensor settings in a bundle are not settings of sensors here, or out of their range.',
    action: 'Mend settings/sensors.json; docs/reference/config.md lists every setting.',
    retryable: false,
  },
  'bundle.too_costly': {
    cause: 'The rules of a bundle took too much time for each event while they ran beside those in force.',
    action: 'Find the rule with `vedette rules backtest`, and narrow it.',
    retryable: false,
  },
  'bundle.not_kept': {
    cause: 'A bundle could not be written to the disk of the host.',
    action: 'Make room on the host; the bundle is offered again.',
    retryable: true,
  },
  'bundle.kept_damaged': {
    cause: 'The bundle that a host kept is damaged, so it runs the one before, or none.',
    action: 'Nothing: the collector offers it again. If it recurs, look at the disk of the host.',
    retryable: true,
  },
  'sensor.failed': {
    cause: 'A sensor failed.',
    action: "It is restarted; if it recurs, see the agent's log.",
    retryable: true,
  },
  internal: {
    cause: 'Something happened that should not.',
    action: 'Report it with the log line.',
    retryable: false,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof entries;
export const catalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries;

/** A failure with a code of the catalogue and the detail of this one case. Thrown for I/O failures; returned for bad input. */
export class VedetteError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = 'VedetteError';
    this.code = code;
    this.detail = detail;
  }

  get entry(): ErrorEntry {
    return catalogue[this.code];
  }

  /** One line: code, what happened, what to do. */
  get line(): string {
    return `${this.code}: ${this.detail} ${this.entry.action}`;
  }

  toJSON(): { code: ErrorCode; detail: string; action: string; retryable: boolean } {
    return {
      code: this.code,
      detail: this.detail,
      action: this.entry.action,
      retryable: this.entry.retryable,
    };
  }
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: VedetteError };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail<T>(code: ErrorCode, detail: string): Result<T> {
  return { ok: false, error: new VedetteError(code, detail) };
}
