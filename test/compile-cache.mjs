// Loaded before each test file: types are stripped and code is compiled once for all of them, in threads and children too.
import module from 'node:module';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../.cache/compile');
module.enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE ??= folder;
