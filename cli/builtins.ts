import { definePlugin, type Plugin } from '../core/plugin/index.js';
import access from '../managers/access/definition.js';
import catalog from '../managers/catalog/definition.js';
import device from '../managers/device/definition.js';
import instance from '../managers/instance/definition.js';
import manifest from '../managers/manifest/definition.js';
import placement from '../managers/placement/manager.js';
import reconcile from '../managers/reconcile/definition.js';
import solution from '../managers/solution/definition.js';
import sync from '../managers/sync/definition.js';
import memoryEvents from '../providers/events/memory/index.js';
import ociRegistry from '../providers/registry/oci/index.js';
import memoryState from '../providers/state/memory/index.js';
import sqliteState from '../providers/state/sqlite/index.js';
import dockerTarget from '../providers/target/docker/index.js';
import mockTarget from '../providers/target/mock/index.js';
import processTarget from '../providers/target/process/index.js';
import signedFleetManager from '../providers/wfm/signed/index.js';
import deviceSigned from '../vendors/device-signed/index.js';
import http from '../vendors/http/index.js';
import embeddedRegistry from '../vendors/oci-registry/index.js';
import operator from '../vendors/operator/index.js';
import system from '../vendors/system/index.js';

/** What Tutti brings along. A plugin like any other: nothing in the host knows these names. */
export const builtins: Plugin = definePlugin('tutti', [
  memoryState,
  sqliteState,
  memoryEvents,
  ociRegistry,
  processTarget,
  dockerTarget,
  mockTarget,
  signedFleetManager,
  access,
  catalog,
  device,
  placement,
  manifest,
  solution,
  instance,
  reconcile,
  sync,
  deviceSigned,
  operator,
  embeddedRegistry,
  system,
  http,
]);
