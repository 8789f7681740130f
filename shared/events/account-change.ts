import { defineEvent } from '../schema/spec.ts';

export const accountChange = defineEvent({
  name: 'account.change',
  doc: 'A local user or group was added, removed or changed.',
  logsource: { category: 'account_change' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: [
        'user-added',
        'user-removed',
        'user-changed',
        'group-added',
        'group-removed',
        'group-member-added',
        'group-member-removed',
      ],
      doc: 'What happened.',
    },
    'user.name': {
      type: 'keyword',
      max: 256,
      indexed: true,
      sigma: ['TargetUserName', 'User'],
      doc: 'The user.',
    },
    'user.id': { type: 'keyword', max: 32, sigma: ['TargetUserId'], doc: "The user's id." },
    'user.home': { type: 'keyword', max: 4096, doc: "The user's home." },
    'user.shell': { type: 'keyword', max: 4096, doc: "The user's shell." },
    'group.name': { type: 'keyword', max: 256, sigma: ['GroupName'], doc: 'The group.' },
    'group.id': { type: 'keyword', max: 32, doc: "The group's id." },
    'user.privileged': {
      type: 'bool',
      doc: 'True when the user has id 0 or is in a group that may become root (root, sudo, wheel, admin, docker, lxd, disk, shadow).',
    },
    'user.changes': {
      type: 'keywords',
      max: 16,
      doc: 'What changed, each as `name: before -> after`. Never holds a password hash.',
    },
  },
});
