import { connect } from 'node:net';
import { VedetteError } from '#shared/errors.ts';
import type { AgentStatus } from '../status.ts';
import { controlPath } from './path.ts';

const timeoutMs = 5000;
const maxBytes = 1024 * 1024;

/** Asks the agent of the folder how it does. Throws `agent.not_running`. */
export function askStatus(folder: string): Promise<AgentStatus> {
  const path = controlPath(folder);
  return new Promise((resolve, reject) => {
    const fail = (detail: string) => reject(new VedetteError('agent.not_running', `${folder}: ${detail}.`));
    const socket = connect(path);
    let text = '';
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer within 5 s')));
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > maxBytes) socket.destroy(new Error('an answer too long'));
    });
    socket.on('error', (error) => fail(error.message));
    socket.on('end', () => {
      try {
        resolve(JSON.parse(text) as AgentStatus);
      } catch {
        fail('its answer is cut short');
      }
    });
  });
}
