import { packetActs } from './acts/packet.ts';
import { checkActs } from './check-acts.ts';

checkActs(packetActs);
