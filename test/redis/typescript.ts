import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What node imports to read TypeScript, for a process that is killed: the sources are in it. */
export const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
