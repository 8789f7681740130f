import type { Setting, Settings } from '#shared/config.ts';
import { agentSettings } from '../../agent/config.ts';
import { collectorSettings } from '../../collector/config.ts';

function range(setting: Setting): string {
  if (setting.type === 'int') return `${setting.min} to ${setting.max}`;
  return setting.type === 'choice' ? setting.choices.map((c) => `\`${c}\``).join(' ') : '';
}

function table(settings: Settings): string[] {
  return [
    '| setting | default | range | |',
    '| --- | --- | --- | --- |',
    ...Object.entries(settings).map(
      ([name, s]) => `| \`${name}\` | \`${JSON.stringify(s.default)}\` | ${range(s)} | ${s.doc} |`,
    ),
    '',
  ];
}

/** docs/reference/config.md */
export function configPage(): string {
  return [
    '# Settings',
    '',
    'Generated from `agent/config.ts` and `collector/config.ts`. Each file is one JSON object; what it leaves out has',
    'its default, an unknown name or a value out of range is refused (`config.invalid`).',
    '',
    '## Collector: `collector.json` in the data folder',
    '',
    'Flags of `up` and `collector` go before the file.',
    '',
    ...table(collectorSettings),
    '## Agent: `agent/config.json` in the data folder',
    '',
    ...table(agentSettings),
  ].join('\n');
}
