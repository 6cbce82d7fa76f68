import { CredentialIssuer, defineManager, StateProvider, z } from '../../core/plugin/index.js';
import { DeviceManager } from '../device/index.js';
import { CredentialManager } from './index.js';
import { IssuedCredentials } from './manager.js';

export default defineManager({
  type: 'manager.credentials',
  version: '1.0.0',
  summary: 'Hands devices what they pull with, and takes it back when they are revoked or removed',
  provides: CredentialManager,
  config: z.strictObject({
    issueSeconds: z.number().min(1).max(300).default(30).describe('Time that the registry may take for an account'),
    parallel: z.int().min(1).max(64).default(4).describe('Accounts that are ended at the same time'),
  }),
  uses: { state: StateProvider, devices: DeviceManager, issuer: CredentialIssuer },
  create: ({ uses, config: { issueSeconds, parallel }, clock, log }) =>
    new IssuedCredentials({ ...uses, clock, log, parallel, issueTime: issueSeconds * 1000 }),
});
