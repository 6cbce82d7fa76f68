export { Turns } from '../../core/work/index.js';
