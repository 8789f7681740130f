import { deviceActs } from './acts/device.ts';
import { checkActs } from './check-acts.ts';

checkActs(deviceActs);
