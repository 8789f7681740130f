/**
 * Entry of the hunting process. A process of its own and not a thread: the engine allocates beyond its bound where a
 * single value is huge, and what would end it must not end the collector.
 */
import { HuntProcess } from './store/events/sql/process.ts';

if (process.send === undefined) throw new Error('hunt.process.ts is started by the collector only');
new HuntProcess().serve();
