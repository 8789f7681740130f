import { defineEvent } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

export const bpfLoad = defineEvent({
  name: 'bpf.load',
  doc: 'A program was given to the BPF machine of the kernel.',
  logsource: { category: 'bpf_load' },
  priority: 'high',
  fields: {
    'bpf.program.id': { type: 'keyword', max: 32, doc: 'Number the kernel gave it.' },
    'bpf.program.type': {
      type: 'keyword',
      max: 64,
      doc: 'What it hooks into, e.g. kprobe, tracepoint, cgroup_skb.',
    },
    'bpf.program.tag': {
      type: 'keyword',
      max: 32,
      indexed: true,
      doc: 'Digest of its instructions, as the kernel makes it.',
    },
    ...actorFields,
  },
});
