import { defineManager, EventBus, every, StateProvider, TargetProvider, z } from '../../core/plugin/index.js';
import { ReconcileManager } from './index.js';
import { Reconciler } from './reconciler.js';

const seconds = z.number().positive().max(86_400);

export default defineManager({
  provides: ReconcileManager,
  type: 'manager.reconcile',
  version: '1.0.0',
  summary: 'Makes the device be as desired, and keeps it so',
  config: z.strictObject({
    retryFirstSeconds: seconds.default(1).describe('Wait before the first retry; doubles with every further one'),
    retryCapSeconds: seconds.default(300).describe('Longest wait between retries'),
    resyncSeconds: seconds.default(300).describe('How often everything is compared even if nothing was noticed'),
    parallel: z.number().int().min(1).max(64).default(4).describe('Applications worked on at the same time'),
  }),
  uses: { state: StateProvider, events: EventBus, targets: every(TargetProvider) },
  create: ({ config, uses, clock, log }) =>
    new Reconciler({
      ...uses,
      clock,
      log,
      settings: {
        retryFirst: config.retryFirstSeconds * 1000,
        retryCap: config.retryCapSeconds * 1000,
        resync: config.resyncSeconds * 1000,
        parallel: config.parallel,
      },
    }),
});
