import { preference } from '../data/preference.ts';

/** Whether the list of events follows what arrives. */
export const eventsLive = preference('events-live', ['on', 'off']);
