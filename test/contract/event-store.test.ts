import { eventStoreSuite, inTheClear } from './event-store-suite.ts';

eventStoreSuite(inTheClear);
