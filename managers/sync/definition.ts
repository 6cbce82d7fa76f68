import { hostname } from 'node:os';
import {
  defineManager,
  EventBus,
  FleetManager,
  type Lifecycle,
  StateProvider,
  type Subscription,
  z,
} from '../../core/plugin/index.js';
import type { CapabilitiesToReport } from '../margo/index.js';
import { ApplicationStatusChanged, ReconcileManager } from '../reconcile/index.js';
import { combinedFacts } from './facts.js';
import { SyncManager } from './index.js';
import { ManifestListener } from './listener.js';
import { Reporter } from './reporter.js';
import { Synchroniser } from './synchroniser.js';

const MiB = 1024 * 1024;
const label = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.array(z.number())]);

const config = z.strictObject({
  pollSeconds: z.number().min(0.1).max(86_400).default(15).describe('Time between polls of the desired state'),
  push: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Whether the fleet manager is asked to tell of changes at once: auto leaves one that does not know how alone for an hour, on asks again and again, off never; polling goes on in any case',
    ),
  form: z.enum(['D1', 'D2']).default('D2').describe('Form of the documents that are sent'),
  device: z
    .strictObject({
      id: z
        .string()
        .regex(/^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/)
        .optional()
        .describe('The host name unless told'),
      vendor: z.string().default('Tutti').describe('Who made it'),
      modelNumber: z.string().default('agent').describe('As its vendor numbers it'),
      serialNumber: z.string().optional().describe('The device id unless told'),
      labels: z.record(z.string(), label).default({}).describe('For operators, to tell devices apart'),
    })
    .prefault({}),
});

export default defineManager({
  provides: SyncManager,
  type: 'manager.sync',
  version: '1.0.0',
  summary: "The device's line to its fleet manager: onboarding, capabilities, desired state, reports",
  config,
  uses: { fleet: FleetManager, reconcile: ReconcileManager, state: StateProvider, events: EventBus },
  create: ({ config: { pollSeconds, push, form, device }, uses, clock, log, name }): SyncManager & Lifecycle => {
    const id = device.id ?? hostname();
    const describe = async (): Promise<CapabilitiesToReport> => {
      const facts = combinedFacts((await uses.reconcile.capabilities()).values());
      return {
        ...facts,
        id,
        vendor: device.vendor,
        modelNumber: device.modelNumber,
        serialNumber: device.serialNumber ?? id,
        // What an operator wrote stands over what was found.
        labels: { ...facts.labels, ...device.labels },
      };
    };
    const synchroniser: Synchroniser = new Synchroniser({
      ...uses,
      clock,
      log,
      describe,
      reportable: () => {
        reporter.addAll();
        const clientId = synchroniser.position()?.clientId;
        if (clientId !== undefined) listener.follow(clientId);
      },
      settings: { poll: pollSeconds * 1000, form, limits: { document: 4 * MiB, bundle: 64 * MiB } },
    });
    const reporter = new Reporter({ ...uses, clock, log, position: () => synchroniser.position() });
    const listener = new ManifestListener({
      fleet: uses.fleet,
      clock,
      log,
      mode: push,
      position: () => synchroniser.position(),
      hurry: () => synchroniser.hurry(),
    });
    let subscription: Subscription | undefined;
    return {
      status: () => synchroniser.status(),
      hurry: () => synchroniser.hurry(),
      health: () => synchroniser.health(),
      start: () => {
        subscription = uses.events.subscribe(ApplicationStatusChanged, name, (event) => reporter.add(event.id));
        return synchroniser.start();
      },
      stop: async () => {
        await subscription?.close();
        await listener.stop();
        await synchroniser.stop();
        await reporter.stop();
      },
    };
  },
});
