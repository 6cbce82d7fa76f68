/** What a host offers over MQTT, described for people and generators (AsyncAPI 3.0). */
export { type AsyncApiOptions, asyncApi } from './document.js';
