import type { EventByType } from '#shared/events/registry.gen.ts';
import { type Endpoints, endpointFields } from '../flow/endpoints.ts';
import type { HttpRequest } from './request.ts';

export function requestEvent(
  request: HttpRequest,
  endpoints: Endpoints,
  time: number,
): EventByType['http.request'] {
  return {
    type: 'http.request',
    time,
    'http.request.method': request.method,
    'url.full': request.full,
    'url.domain': request.domain,
    'url.path': request.path,
    'url.query': request.query,
    'url.extension': request.extension,
    'user_agent.original': request.userAgent,
    'http.request.referrer': request.referrer,
    'http.request.mime_type': request.mimeType,
    'http.request.body.bytes': request.bodyBytes,
    'http.version': request.version,
    ...endpointFields(endpoints),
  };
}
