/** Who talks to whom: the client first. */
export interface Endpoints {
  readonly transport: 'tcp' | 'udp';
  readonly clientIp: string;
  readonly clientPort: number;
  readonly serverIp: string;
  readonly serverPort: number;
  readonly communityId: string;
}

/** The fields every event of a flow has of it. */
export function endpointFields(endpoints: Endpoints) {
  return {
    'network.transport': endpoints.transport,
    'source.ip': endpoints.clientIp,
    'source.port': endpoints.clientPort,
    'destination.ip': endpoints.serverIp,
    'destination.port': endpoints.serverPort,
    'network.community_id': endpoints.communityId,
  };
}

/** The same talk seen from the other side. */
export function turned(endpoints: Endpoints): Endpoints {
  const { transport, clientIp, clientPort, serverIp, serverPort, communityId } = endpoints;
  return {
    transport,
    clientIp: serverIp,
    clientPort: serverPort,
    serverIp: clientIp,
    serverPort: clientPort,
    communityId,
  };
}
