/** Parts of the store in memory. */
export { Mirror, type MirrorParts } from './mirror.js';
export { allOf } from './pages.js';
