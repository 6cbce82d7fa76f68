/** The operator API from the caller's side. */
export {
  type Connection,
  type ConnectionOptions,
  findCa,
  hostData,
  resolveConnection,
} from './connection.js';
export { find } from './find.js';
export { list } from './list.js';
export type { Operator } from './operator.js';
export { waitForDeployment, waitForPackage } from './wait.js';
export { withClient } from './with-client.js';
