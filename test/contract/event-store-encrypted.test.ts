import { encrypted, eventStoreSuite } from './event-store-suite.ts';

eventStoreSuite(encrypted);
