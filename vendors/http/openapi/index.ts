export { type Described, type OpenApi, openApi } from './document.js';
