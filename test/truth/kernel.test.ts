import { kernelActs } from './acts/kernel.ts';
import { checkActs } from './check-acts.ts';

checkActs(kernelActs);
