/** Each built-in pipeline on rules as the public ones are written and events as the products write them. */
import t from 'tap';
import { builtInPipeline, builtInPipelineNames } from '../../../shared/sigma/index.ts';
import { matchedBy, type Raw, ruleOf } from './pipelines.ts';

const rules = [
  ruleOf(
    'creation',
    { category: 'process_creation', product: 'windows' },
    {
      sel: { 'Image|endswith': '\\whoami.exe', 'ParentImage|endswith': '\\cmd.exe' },
      medium: { IntegrityLevel: 'Medium' },
      condition: 'sel and not medium',
    },
  ),
  ruleOf(
    'set',
    { category: 'registry_set', product: 'windows' },
    { sel: { 'TargetObject|contains': '\\Run\\' } },
  ),
  ruleOf('pipe', { category: 'pipe_created', product: 'windows' }, { sel: { PipeName: '\\evil' } }),
  ruleOf(
    'script',
    { category: 'ps_script', product: 'windows' },
    { sel: { 'ScriptBlockText|contains': 'Invoke-' } },
  ),
  ruleOf(
    'service',
    { product: 'windows', service: 'system' },
    { sel: { EventID: 7045, Provider_Name: 'Service Control Manager', ServiceName: 'evil' } },
  ),
  ruleOf(
    'logon',
    { product: 'windows', service: 'security' },
    {
      sel: { EventID: 4624, LogonType: 10 },
      local: { IpAddress: ['127.0.0.1', '-'] },
      condition: 'sel and not local',
    },
  ),
  ruleOf('virus', { category: 'antivirus' }, { sel: { 'Signature|contains': 'HackTool' } }),
  ruleOf('word', { product: 'windows' }, { sel: ['mimikatz'] }),
  ruleOf('zeek-dns', { product: 'zeek', service: 'dns' }, { sel: { 'query|endswith': '.evil.example' } }),
  ruleOf('zeek-http', { product: 'zeek', service: 'http' }, { sel: { 'c-uri|contains': '/shell' } }),
  ruleOf('proxy', { category: 'proxy' }, { sel: { 'c-useragent|startswith': 'evil/', 'cs-method': 'POST' } }),
  ruleOf('dns', { category: 'dns' }, { sel: { query: 'c2.evil.example', record_type: 'TXT' } }),
  ruleOf(
    'trail',
    { product: 'aws', service: 'cloudtrail' },
    {
      sel: { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' },
      root: { 'userIdentity.type': 'Root' },
      condition: 'sel and root',
    },
  ),
  ruleOf(
    'audit',
    { product: 'linux', service: 'auditd' },
    { sel: { type: 'EXECVE', a0: 'nc', 'a1|startswith': '-e' } },
  ),
  ruleOf('audit-user', { product: 'linux', service: 'auditd' }, { sel: { type: 'ADD_USER' } }),
  ruleOf('audit-word', { product: 'linux', service: 'auditd' }, { sel: ['rootkit'] }),
  ruleOf(
    'linux',
    { category: 'process_creation', product: 'linux' },
    { sel: { 'Image|endswith': '/nc', 'CommandLine|contains': ' -e ' } },
  ),
  ruleOf('query', { category: 'dns_query', product: 'windows' }, { sel: { QueryName: 'c2.evil.example' } }),
  ruleOf(
    'access',
    { category: 'process_access', product: 'windows' },
    { sel: { 'TargetImage|endswith': '\\lsass.exe' } },
  ),
];

function of(ids: readonly string[]): string {
  return rules.filter((text) => ids.includes(JSON.parse(text).id)).join('\n---\n');
}

/** Which of these rules match an event through a built-in pipeline, in order of the alphabet. */
function found(name: string, ids: readonly string[], event: Raw): readonly string[] {
  return matchedBy(of(ids), [builtInPipeline(name)!], event).toSorted();
}

const windows = ['creation', 'set', 'pipe', 'script', 'service', 'logon', 'virus', 'word', 'query', 'access'];
const sysmon = { Channel: 'Microsoft-Windows-Sysmon/Operational', Provider_Name: 'Microsoft-Windows-Sysmon' };
const started = {
  Image: 'C:\\Windows\\System32\\whoami.exe',
  ParentImage: 'C:\\Windows\\System32\\cmd.exe',
  CommandLine: 'whoami /all',
};

t.test('every one is read', async (t) => {
  t.strictSame(builtInPipelineNames, [
    'sysmon',
    'windows',
    'windows-audit',
    'windows-evtx',
    'zeek',
    'cloudtrail',
    'auditd',
    'ecs',
  ]);
  for (const name of builtInPipelineNames) {
    const pipeline = builtInPipeline(name);
    t.ok(pipeline !== undefined && pipeline.steps.length > 0, name);
    t.equal(builtInPipeline(name), pipeline, 'once');
  }
  t.equal(builtInPipeline('constructor'), undefined);
});

t.test('sysmon and windows: flat records', async (t) => {
  for (const name of ['sysmon', 'windows']) {
    const ids = ['creation', 'set', 'pipe'];
    t.strictSame(found(name, ids, { ...sysmon, ...started, EventID: 1 }), ['creation'], name);
    t.strictSame(found(name, ids, { ...sysmon, ...started, EventID: 5 }), [], 'another record of Sysmon');
    t.strictSame(found(name, ids, { ...started, EventID: 1 }), [], 'another channel');
    t.strictSame(found(name, ids, { ...sysmon, EventID: 18, PipeName: '\\evil' }), ['pipe']);
  }
  t.strictSame(
    found('windows', windows, { Channel: 'Windows PowerShell', EventID: 4104, ScriptBlockText: 'Invoke-X' }),
    [],
  );
  const script = {
    Channel: 'Microsoft-Windows-PowerShell/Operational',
    EventID: 4104,
    ScriptBlockText: 'Invoke-Mimikatz',
  };
  t.strictSame(found('windows', windows, script), ['script', 'word']);
  t.strictSame(found('windows', windows, { message: 'mimikatz' }), [], 'no record of an event log');
  const defender = {
    Channel: 'Microsoft-Windows-Windows Defender/Operational',
    EventID: 1116,
    ThreatName: 'HackTool:Win32/X',
  };
  t.strictSame(found('windows', windows, defender), ['virus']);
  const linux = {
    Channel: 'Linux-Sysmon/Operational',
    EventID: 1,
    Image: '/usr/bin/nc',
    CommandLine: 'nc -e /bin/sh',
  };
  t.strictSame(found('sysmon', ['linux'], linux), ['linux']);
});

t.test('windows-audit: process creation from the Security log', async (t) => {
  const event = {
    Channel: 'Security',
    EventID: 4688,
    NewProcessName: started.Image,
    ParentProcessName: started.ParentImage,
  };
  t.strictSame(found('windows-audit', windows, event), ['creation']);
  t.strictSame(
    found('windows-audit', windows, { ...event, MandatoryLabel: 'S-1-16-8192' }),
    [],
    'levels by their label',
  );
  t.strictSame(found('windows-audit', windows, { ...event, EventID: 4689 }), []);
});

function evtx(channel: string, provider: string, id: unknown, data: Raw): Raw {
  return {
    Event: {
      '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
      System: {
        Provider: { '#attributes': { Name: provider, Guid: '5770385F-C22A-43E0-BF4C-06F5698FFBD9' } },
        EventID: id,
        Channel: channel,
        Computer: 'WS01.corp.example',
        TimeCreated: { '#attributes': { SystemTime: '2024-05-06T07:08:09.000000Z' } },
      },
      EventData: data,
    },
  };
}

t.test('windows-evtx: records turned into JSON as they are', async (t) => {
  const creation = evtx(sysmon.Channel, sysmon.Provider_Name, 1, started);
  t.strictSame(found('windows-evtx', windows, creation), ['creation']);
  t.strictSame(
    found(
      'windows-evtx',
      windows,
      evtx(sysmon.Channel, sysmon.Provider_Name, 1, { ...started, IntegrityLevel: 'Medium' }),
    ),
    [],
  );
  const installed = { '#attributes': { Qualifiers: 16384 }, '#text': 7045 };
  const service = evtx('System', 'Service Control Manager', installed, { ServiceName: 'evil' });
  t.strictSame(found('windows-evtx', windows, service), ['service'], 'an event id with attributes');
  t.strictSame(found('windows-evtx', windows, evtx('System', 'Other', 7045, { ServiceName: 'evil' })), []);
  const logon = (address: string) =>
    evtx('Security', 'Microsoft-Windows-Security-Auditing', 4624, { LogonType: 10, IpAddress: address });
  t.strictSame(found('windows-evtx', windows, logon('198.51.100.7')), ['logon']);
  t.strictSame(found('windows-evtx', windows, logon('127.0.0.1')), []);
  t.strictSame(
    found(
      'windows-evtx',
      windows,
      evtx(sysmon.Channel, sysmon.Provider_Name, 13, { TargetObject: 'HKLM\\Run\\x' }),
    ),
    ['set'],
  );
  t.strictSame(
    found('windows-evtx', windows, { _path: 'dns', query: 'c2.evil.example' }),
    [],
    'other products',
  );
});

const zeek = ['zeek-dns', 'zeek-http', 'proxy', 'dns'];

t.test('zeek: JSON logs', async (t) => {
  const query = {
    ts: 1714979289.1,
    uid: 'C1',
    'id.orig_h': '10.0.0.5',
    'id.resp_p': 53,
    query: 'c2.evil.example',
    qtype_name: 'TXT',
  };
  t.strictSame(found('zeek', zeek, { _path: 'dns', ...query }), ['dns', 'zeek-dns']);
  t.strictSame(
    found('zeek', zeek, { event: { dataset: 'zeek.dns' }, ...query }),
    ['dns', 'zeek-dns'],
    'through Filebeat',
  );
  t.strictSame(found('zeek', zeek, { log: { file: { path: '/opt/zeek/logs/current/dns.log' } }, ...query }), [
    'dns',
    'zeek-dns',
  ]);
  t.strictSame(found('zeek', zeek, { _path: 'ssl', ...query }), []);
  t.strictSame(found('zeek', zeek, query), [], 'nothing says which log it is');
  const request = { _path: 'http', method: 'POST', host: 'x', uri: '/a/shell.php', user_agent: 'evil/1' };
  t.strictSame(found('zeek', zeek, request), ['proxy', 'zeek-http']);
});

t.test('cloudtrail: records of AWS', async (t) => {
  const record = {
    eventVersion: '1.08',
    userIdentity: { type: 'Root', arn: 'arn:aws:iam::123456789012:root' },
    eventTime: '2024-05-06T07:08:09Z',
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateUser',
    awsRegion: 'us-east-1',
  };
  t.strictSame(found('cloudtrail', ['trail'], record), ['trail']);
  t.strictSame(found('cloudtrail', ['trail'], { ...record, userIdentity: { type: 'IAMUser' } }), []);
  t.strictSame(found('cloudtrail', ['trail'], { ...record, eventSource: 'iam.example' }), []);
});

t.test('auditd: records under their own names', async (t) => {
  const ids = ['audit', 'audit-user', 'audit-word'];
  const execve = {
    type: 'EXECVE',
    msg: 'audit(1714979289.123:42):',
    argc: 3,
    a0: 'nc',
    a1: '-e',
    a2: '/bin/sh',
  };
  t.strictSame(found('auditd', ids, execve), ['audit']);
  t.strictSame(found('auditd', ids, { type: 'ADD_USER', acct: 'eve' }), ['audit-user']);
  t.strictSame(found('auditd', ids, { type: 'PATH', name: '/tmp/rootkit' }), ['audit-word']);
  t.strictSame(found('auditd', ids, { type: 'info', text: 'rootkit' }), [], 'no record of the audit daemon');
});

t.test('ecs: Beats and our own events', async (t) => {
  const ids = [...windows, 'linux'];
  const beat = {
    event: { category: ['process'], type: ['start'], code: '1' },
    host: { os: { type: 'windows' } },
    winlog: { channel: sysmon.Channel, event_data: { IntegrityLevel: 'High' } },
    process: { executable: started.Image, parent: { executable: started.ParentImage } },
  };
  t.strictSame(found('ecs', ids, beat), ['creation']);
  t.strictSame(found('ecs', ids, { ...beat, host: { os: { type: 'linux' } } }), [], 'of another system');
  t.strictSame(found('ecs', ids, { ...beat, winlog: { event_data: { IntegrityLevel: 'Medium' } } }), []);
  const own = {
    type: 'process.start',
    'process.executable': '/usr/bin/nc',
    'process.command_line': 'nc -e /bin/sh',
  };
  t.strictSame(found('ecs', ids, own), ['linux']);
  t.strictSame(found('ecs', ids, { ...own, type: 'process.end' }), []);
  const logon = {
    event: { code: '4624' },
    winlog: { channel: 'Security', event_data: { LogonType: '10', IpAddress: '198.51.100.7' } },
  };
  t.strictSame(found('ecs', ids, logon), ['logon']);
  const access = {
    event: { code: '10' },
    winlog: { channel: sysmon.Channel, event_data: { TargetImage: 'C:\\lsass.exe' } },
  };
  t.strictSame(found('ecs', ids, access), ['access'], 'what ECS has no category for, as Sysmon’s');
  const query = {
    event: { category: ['network'], type: ['protocol', 'info'] },
    dns: { question: { name: 'c2.evil.example' } },
  };
  t.strictSame(found('ecs', ids, query), ['query']);
});

t.test('events of other products match by no accident', async (t) => {
  const events: readonly Raw[] = [
    { ...sysmon, ...started, EventID: 1 },
    { _path: 'dns', query: 'c2.evil.example', qtype_name: 'TXT' },
    { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser', userIdentity: { type: 'Root' } },
    { type: 'EXECVE', a0: 'nc', a1: '-e' },
  ];
  const all = [...windows, ...zeek, 'trail', 'audit', 'audit-user', 'audit-word'];
  const pipelines = ['windows', 'zeek', 'cloudtrail', 'auditd'].map((name) => builtInPipeline(name)!);
  t.strictSame(
    events.map((event) => matchedBy(of(all), pipelines, event).toSorted()),
    [['creation'], ['dns', 'zeek-dns'], ['trail'], ['audit']],
  );
});
