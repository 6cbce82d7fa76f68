export { tuttiVersion } from '../core/host/version.js';
