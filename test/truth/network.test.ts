import { networkActs } from './acts/network.ts';
import { checkActs } from './check-acts.ts';

checkActs(networkActs);
