import { join } from 'node:path';
import {
  capabilitiesOf,
  componentDigest,
  defineProvider,
  LinkedAbortController,
  type TargetDeclaration,
  TargetFault,
  TargetProvider,
  Turns,
  z,
} from 'tutti/plugin';
import { Platform } from './platform.ts';

/** What a component of this target may say of itself: checked before it gets here, and shown by `tutti explain`. */
const properties = z.object({
  startsAfter: z.number().min(0).default(0).describe('Milliseconds that this toy takes to start'),
});

/** What this target is, as data. */
const declares = {
  components: [{ deploymentType: 'custom', properties, changes: { properties: ['*'], parameters: ['*'] } }],
  dryRun: false,
  parallel: 4,
} as const satisfies TargetDeclaration;

const [{ deploymentType, changes }] = declares.components;

/**
 * What a target promises is written at `TargetProvider`, and `tutti plugin test .` sees whether this one keeps it. This
 * file translates between the two sides; begin with platform.ts, in place of which comes what you have.
 */
export default defineProvider({
  port: TargetProvider,
  type: 'target.my-target',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    folder: z.string().min(1).optional().describe('Where its workloads are; <data>/my-target unless told'),
  }),
  declares,
  needs: { files: 'its folder' },
  // Makes, and does nothing yet: whatever may fail or takes time belongs into `start`.
  create: ({ config, clock, log, dataDir, resolvePath }) => {
    const folder = config.folder === undefined ? join(dataDir, 'my-target') : resolvePath(config.folder);
    const platform = new Platform(folder, clock);
    const turns = new Turns();
    // Those that nobody waits for. Nothing of them goes on after `stop`; a later `apply` does.
    const starts = new Set<Promise<void>>();
    const stopped = new AbortController();

    /** One change after the other for each component; faults and aborts are all that comes out. */
    const inTurn = async (
      [id, component]: readonly [string, string],
      caller: AbortSignal,
      change: (signal: AbortSignal) => Promise<void>,
    ): Promise<void> => {
      const end = new LinkedAbortController(caller, stopped.signal);
      const { signal } = end;
      try {
        signal.throwIfAborted();
        await turns.take(JSON.stringify([id, component]), () => change(signal), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TargetFault) throw error;
        const message = error instanceof Error ? error.message : String(error);
        throw new TargetFault('platform', message, true, { cause: error });
      } finally {
        end.unlink();
      }
    };

    return {
      start: () => platform.open(),
      stop: async () => {
        stopped.abort(new TargetFault('platform', 'the target has stopped', true));
        await Promise.all([turns.idle(), ...starts]);
      },

      describe: async () => capabilitiesOf(declares, { runtimes: ['custom'], facts: await platform.facts() }),

      // The truth: read from the platform each time, never remembered from `apply`.
      actual: async () => {
        const workloads = await platform.list();
        return [...new Set(workloads.map(({ id }) => id))].map((id) => {
          const own = workloads.filter((workload) => workload.id === id);
          const components = own.map(({ component, phase, digest }) => ({ name: component, phase, applied: digest }));
          return { id, name: own[0]?.name ?? id, components };
        });
      },

      apply: (application, name, { signal: caller, progress }) =>
        inTurn([application.id, name], caller, async (signal) => {
          const desired = application.components.find((component) => component.name === name);
          if (application.deploymentType !== deploymentType || desired === undefined) {
            throw new TargetFault('unsupported', `${application.deploymentType} is nothing for this target`, false);
          }
          const parsed = properties.safeParse(desired.properties);
          if (!parsed.success) throw new TargetFault('invalid', z.prettifyError(parsed.error), false);

          const digest = componentDigest(desired, changes);
          const there = await platform.read(application.id, name);
          if (there?.phase === 'running' && there.digest === digest) return;

          // First all that may fail, then the change: what runs goes on running if this version is nowhere.
          progress('fetching the artifact');
          if (!(await platform.has(desired.repository))) {
            throw new TargetFault('artifact', `${desired.repository} cannot be found`, true);
          }
          progress('starting');
          const { id, name: title } = application;
          const workload = await platform.install({
            id,
            name: title,
            component: name,
            digest,
            parameters: desired.parameters,
          });
          const { startsAfter } = parsed.data;
          if (!desired.wait) {
            const start = platform.run(workload, startsAfter, stopped.signal).catch((error: unknown) => {
              if (!stopped.signal.aborted) log.warn('a start failed', { id, component: name, error });
            });
            starts.add(start);
            void start.then(() => starts.delete(start));
            return;
          }
          if (startsAfter > desired.timeout) {
            await clock.delay(desired.timeout, signal);
            throw new TargetFault('timeout', `it has not started in ${desired.timeout} ms`, true);
          }
          await platform.run(workload, startsAfter, signal);
        }),

      remove: ({ id }, component, _purge, { signal }) =>
        inTurn([id, component], signal, () => platform.remove(id, component)),

      async *watch(caller) {
        const end = new LinkedAbortController(caller, stopped.signal);
        try {
          yield* platform.changes(end.signal);
        } finally {
          end.unlink();
        }
      },

      logs: async () => [],
    };
  },
});
