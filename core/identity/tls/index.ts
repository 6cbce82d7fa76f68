export { ensureDeviceCa } from './authority-files.js';
export { IdentityFileFault } from './files.js';
export {
  type ConfiguredFiles,
  configuredIdentity,
  type DevelopmentOptions,
  developmentIdentity,
  type ServerIdentity,
  type ServerMaterial,
} from './server-identity.js';
export { watchDirectories } from './watch.js';
