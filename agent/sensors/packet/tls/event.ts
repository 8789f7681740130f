import type { EventByType } from '#shared/events/registry.gen.ts';
import { type Endpoints, endpointFields } from '../flow/endpoints.ts';
import { type ClientHello, extension } from './client-hello.ts';
import { highestVersion, isNoGrease, ja4 } from './ja4.ts';

const versionNames: Readonly<Record<number, string>> = {
  2: 'SSL 2.0',
  768: 'SSL 3.0',
  769: '1.0',
  770: '1.1',
  771: '1.2',
  772: '1.3',
};

function versionName(version: number): string {
  return versionNames[version] ?? `0x${version.toString(16).padStart(4, '0')}`;
}

export function helloEvent(hello: ClientHello, endpoints: Endpoints, time: number): EventByType['tls.hello'] {
  const versions = hello.supportedVersions.filter(isNoGrease);
  return {
    type: 'tls.hello',
    time,
    'tls.client.server_name': hello.serverName,
    'tls.client.ja4': ja4(hello),
    'tls.client.supported_versions': versions.length > 0 ? versions.slice(0, 16).map(versionName) : undefined,
    'tls.client.alpn': hello.alpn.length > 0 ? hello.alpn : undefined,
    'tls.version': versionName(highestVersion(hello)),
    'tls.client.ciphers_count': hello.ciphers.filter(isNoGrease).length,
    'tls.client.encrypted_hello': hello.extensions.includes(extension.encryptedClientHello) || undefined,
    ...endpointFields(endpoints),
  };
}
