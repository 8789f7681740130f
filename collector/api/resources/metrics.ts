import { Readable } from 'node:stream';
import { metricsText, metricsType } from '../metrics.ts';
import { operation, Streamed } from '../operation.ts';

const declaration = {
  method: 'GET',
  path: '/metrics',
  permission: 'read',
  summary: 'What the collector measures, in the form of Prometheus',
  produces: { 'text/plain': 'Text exposition format 0.0.4.' },
} as const;

const handler = async ({ deps, feed, now }: Parameters<Parameters<typeof operation>[0]['handler']>[0]) =>
  new Streamed(metricsType, Readable.from([await metricsText(deps, feed, now)])) as never;

export const metrics = [
  operation({ ...declaration, handler }),
  operation({ ...declaration, isTop: true, handler }),
];
