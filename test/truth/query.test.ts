import { checkScene } from './check-scene.ts';

checkScene('query');
