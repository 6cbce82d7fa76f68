import { HostStatus } from '../../core/host/status.js';
import { defineVendor, isLocal, ok, representation, serve } from '../../core/plugin/index.js';
import { OperationDescriptions } from './described.js';
import { listOperations, livez, readyz } from './operations.js';
import { probeText, worst } from './probe.js';

export { livez, readyz } from './operations.js';

const encoder = new TextEncoder();

export default defineVendor({
  type: 'vendor.system',
  version: '1.0.0',
  summary: 'The host itself: probes (/livez, /readyz), and which operations it offers (/operations)',
  uses: { host: HostStatus },
  operations: [livez, readyz, listOperations],
  create: ({ uses: { host } }) => {
    const descriptions = new OperationDescriptions();
    return {
      operations: [
        serve(livez, () => representation(encoder.encode('ok\n'), 'text/plain; charset=utf-8')),
        serve(readyz, ({ input, evidence }) => {
          const entries = host.entries();
          const verdict = host.phase() === 'ready' ? worst(entries) : 'failed';
          const verbose = input.verbose !== undefined || verdict === 'failed';
          const telling = verbose ? (isLocal(evidence) ? 'reasons' : 'states') : 'verdict';
          const text = probeText(host.phase(), entries, telling);
          return representation(encoder.encode(text), 'text/plain; charset=utf-8', {
            outcome: verdict === 'failed' ? 'unavailable' : 'ok',
          });
        }),
        serve(listOperations, ({ input: { id } }) =>
          ok({
            operations: host
              .operations()
              .filter(({ operation }) => id === undefined || operation.id === id)
              .map((mounted) => descriptions.of(mounted)),
          }),
        ),
      ],
    };
  },
});
