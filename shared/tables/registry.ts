import { apkPackages } from './apk-packages.ts';
import { apparmorProfiles } from './apparmor-profiles.ts';
import { aptSources } from './apt-sources.ts';
import { arpCache } from './arp-cache.ts';
import { authorizedKeys } from './authorized-keys.ts';
import { blockDevices } from './block-devices.ts';
import { certificates } from './certificates.ts';
import { containers } from './containers.ts';
import { cpuInfo } from './cpu-info.ts';
import { crontab } from './crontab.ts';
import { debPackages } from './deb-packages.ts';
import { deviceHandles } from './device-handles.ts';
import { devices } from './devices.ts';
import { dnsResolvers } from './dns-resolvers.ts';
import { etcHosts } from './etc-hosts.ts';
import { etcProtocols } from './etc-protocols.ts';
import { etcServices } from './etc-services.ts';
import { file } from './file.ts';
import { fileLines } from './file-lines.ts';
import { groups } from './groups.ts';
import { hash } from './hash.ts';
import { interfaceAddresses } from './interface-addresses.ts';
import { interfaceDetails } from './interface-details.ts';
import { iptables } from './iptables.ts';
import { kernelInfo } from './kernel-info.ts';
import { kernelModules } from './kernel-modules.ts';
import { knownHosts } from './known-hosts.ts';
import { last } from './last.ts';
import { listeningPorts } from './listening-ports.ts';
import { loadAverage } from './load-average.ts';
import { loggedInUsers } from './logged-in-users.ts';
import { memoryInfo } from './memory-info.ts';
import { mounts } from './mounts.ts';
import { npmPackages } from './npm-packages.ts';
import { osVersion } from './os-version.ts';
import { packages } from './packages.ts';
import { pciDevices } from './pci-devices.ts';
import { processEnvs } from './process-envs.ts';
import { processMemoryMap } from './process-memory-map.ts';
import { processNamespaces } from './process-namespaces.ts';
import { processOpenFiles } from './process-open-files.ts';
import { processOpenPipes } from './process-open-pipes.ts';
import { processOpenSockets } from './process-open-sockets.ts';
import { processes } from './processes.ts';
import { pythonPackages } from './python-packages.ts';
import { routes } from './routes.ts';
import { rpmPackages } from './rpm-packages.ts';
import { selinuxSettings } from './selinux-settings.ts';
import { shadow } from './shadow.ts';
import { shellHistory } from './shell-history.ts';
import { sockets } from './sockets.ts';
import type { TableSpec } from './spec.ts';
import { sshConfigs } from './ssh-configs.ts';
import { startupItems } from './startup-items.ts';
import { sudoers } from './sudoers.ts';
import { suidBin } from './suid-bin.ts';
import { systemControls } from './system-controls.ts';
import { systemInfo } from './system-info.ts';
import { systemdUnits } from './systemd-units.ts';
import { time } from './time.ts';
import { uptime } from './uptime.ts';
import { usbDevices } from './usb-devices.ts';
import { userGroups } from './user-groups.ts';
import { userSshKeys } from './user-ssh-keys.ts';
import { users } from './users.ts';
import { vedetteAgent } from './vedette-agent.ts';
import { vedetteSensors } from './vedette-sensors.ts';

/** Every table of live queries, by name. */
export const tableSpecs = {
  processes,
  process_envs: processEnvs,
  process_open_files: processOpenFiles,
  process_open_pipes: processOpenPipes,
  process_memory_map: processMemoryMap,
  process_namespaces: processNamespaces,
  device_handles: deviceHandles,
  process_open_sockets: processOpenSockets,
  listening_ports: listeningPorts,
  sockets,
  interface_addresses: interfaceAddresses,
  interface_details: interfaceDetails,
  routes,
  arp_cache: arpCache,
  dns_resolvers: dnsResolvers,
  etc_hosts: etcHosts,
  etc_services: etcServices,
  etc_protocols: etcProtocols,
  users,
  groups,
  user_groups: userGroups,
  shadow,
  logged_in_users: loggedInUsers,
  last,
  sudoers,
  authorized_keys: authorizedKeys,
  known_hosts: knownHosts,
  ssh_configs: sshConfigs,
  user_ssh_keys: userSshKeys,
  crontab,
  systemd_units: systemdUnits,
  startup_items: startupItems,
  mounts,
  block_devices: blockDevices,
  usb_devices: usbDevices,
  pci_devices: pciDevices,
  devices,
  kernel_modules: kernelModules,
  kernel_info: kernelInfo,
  system_controls: systemControls,
  os_version: osVersion,
  system_info: systemInfo,
  uptime,
  time,
  load_average: loadAverage,
  memory_info: memoryInfo,
  cpu_info: cpuInfo,
  deb_packages: debPackages,
  rpm_packages: rpmPackages,
  apk_packages: apkPackages,
  npm_packages: npmPackages,
  python_packages: pythonPackages,
  packages,
  apt_sources: aptSources,
  containers,
  file,
  hash,
  file_lines: fileLines,
  suid_bin: suidBin,
  iptables,
  selinux_settings: selinuxSettings,
  apparmor_profiles: apparmorProfiles,
  certificates,
  shell_history: shellHistory,
  vedette_agent: vedetteAgent,
  vedette_sensors: vedetteSensors,
} as const satisfies Record<string, TableSpec>;
export type TableName = keyof typeof tableSpecs;
export const tableNames = Object.keys(tableSpecs) as readonly TableName[];
