import {
  defineVendor,
  type Evidence,
  isLocal,
  ok,
  Problem,
  problems,
  representation,
  serve,
} from '../../core/plugin/index.js';
import { type ApplicationStatus, ReconcileManager } from '../../managers/reconcile/index.js';
import { SyncManager } from '../../managers/sync/index.js';
import * as operations from './operations.js';

const encoder = new TextEncoder();

/** The device's own side: what the agent knows and does, for a person at the device. */
export default defineVendor({
  type: 'vendor.agent',
  version: '1.0.0',
  summary: 'What an agent is doing, and the output of its components; for callers on the same machine',
  operations: Object.values(operations),
  uses: { sync: SyncManager, reconcile: ReconcileManager },
  create: ({ uses: { sync, reconcile } }) => ({
    operations: [
      serve(operations.status, ({ evidence }) => {
        mustBeLocal(evidence);
        const { lastContact, ...rest } = sync.status();
        return ok({
          sync: { ...rest, ...(lastContact !== undefined && { lastContact: time(lastContact) }) },
          applications: reconcile.statuses().map(applicationView),
        });
      }),
      serve(operations.plan, async ({ input, signal, evidence }) => {
        mustBeLocal(evidence);
        return ok(await reconcile.plan(input.id, signal));
      }),
      serve(operations.logs, async ({ input: { id, component, lines }, evidence }) => {
        mustBeLocal(evidence);
        const text = (await reconcile.logs(id, component, lines)).map((line) => `${line}\n`).join('');
        return representation(encoder.encode(text), 'text/plain; charset=utf-8');
      }),
    ],
  }),
});

const ownNames = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i;

/**
 * Output of components may hold anything. A web page that has its own name resolve to this machine (DNS rebinding)
 * calls from here too, but by that name.
 */
function mustBeLocal(evidence: Evidence): void {
  if (isLocal(evidence) && ownNames.test(new URL(evidence.targetUri).hostname)) return;
  throw new Problem(problems.notAuthorized, 'an agent shows this on its own machine only, under http://localhost');
}

function applicationView({ name, report, doing, retryAt }: ApplicationStatus) {
  return {
    id: report.deploymentId,
    name,
    state: report.state,
    ...(report.error && { error: report.error }),
    components: report.components,
    ...(doing !== undefined && { doing }),
    ...(retryAt !== undefined && { retryAt: time(retryAt) }),
  };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
