import { useMemo } from 'react';
import { PageHead } from '../frame/page-head.tsx';
import { Workbench } from './workbench.tsx';

const template = (id: string, date: string) => `title: What it finds
id: ${id}
status: experimental
description: Why that matters.
date: ${date}
tags:
  - attack.execution
  - attack.t1059.004
logsource:
  category: process_creation
  product: linux
detection:
  selection:
    Image|endswith: /example
  condition: selection
falsepositives:
  - Something harmless that looks the same
level: medium
`;

const tests = `cases:
  - name: it hits
    expect: hit
    events:
      - type: process.start
        process.executable: /tmp/example
  - name: it nearly does
    expect: miss
    events:
      - type: process.start
        process.executable: /usr/bin/other
`;

/** A rule from the beginning. */
export default function NewRulePage() {
  const text = useMemo(() => template(randomId(), new Date().toISOString().slice(0, 10)), []);
  return (
    <>
      <PageHead title="New rule" />
      <Workbench file="rules/own/new.yml" text={text} tests={tests} isNew />
    </>
  );
}

/** A UUID, also where the page is not in a secure context. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
