import { processActs } from './acts/process.ts';
import { checkActs } from './check-acts.ts';

checkActs(processActs);
