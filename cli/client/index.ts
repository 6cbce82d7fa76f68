/** The operator API from the caller's side. */
export {
  type Connection,
  type ConnectionOptions,
  findCa,
  hostData,
  pathBefore,
  resolveConnection,
} from './connection.js';
export { find } from './find.js';
export { list } from './list.js';
export type { Operator } from './operator.js';
export { waitForDeployment, waitForPackage } from './wait.js';
export { type Line, withClient, withLine } from './with-client.js';
