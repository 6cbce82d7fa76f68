/** Parts of the store in memory. */
export { Mirror } from './mirror.js';
export { allOf } from './pages.js';
