-- title: Accounts, rights and keys that were given
-- description: Users added, members of groups added, rules of sudo and keys that may sign in.
-- tags: attack.persistence, attack.t1136.001, attack.t1098
-- parameter hours int = 168: how far back, in hours
SELECT time, host.name, event.action, user.name, group.name, user.privileged, file.path,
  authentication.key.fingerprint, change.after
FROM account.change
WHERE event.action IN ('user-added', 'group-member-added', 'sudo-rule-added', 'sudo-rule-changed', 'key-added', 'key-changed')
  AND NOT coalesce(event.baseline, false) AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY coalesce(user.privileged, false) DESC, time DESC
