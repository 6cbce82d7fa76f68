import { systemClock } from '../../core/host/clock.js';
import type { Definition, Json } from '../../core/plugin/index.js';
import { type MakeSubject, startTestHost, type WfmUnderTest, wfmSubjects } from '../../core/testing/index.js';
import memory from '../../providers/state/memory/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import device from '../../vendors/device-signed/index.js';
import http from '../../vendors/http/index.js';
import { secondForm } from '../device-api/device.js';
import { DisturbingProxy } from './disturbing-proxy.js';
import { PlayedFleet } from './played-fleet.js';

/** Lines over HTTP to the real device API, behind which a test says what there is. */
export function signedSubjects(definition: Definition): MakeSubject<WfmUnderTest> {
  return wfmSubjects(definition, {
    clock: systemClock,
    capabilitiesOf: (number) => secondForm('edge-1', { memory: `${number}Gi` }) as Readonly<Record<string, Json>>,
    async side() {
      const fleet = new PlayedFleet();
      const host = await startTestHost({
        definitions: [...fleet.definitions(), memory, device, http],
        profile: `
profile: played
providers:
  store:     { type: state.memory }
managers:
  devices:   { type: manager.devices }
  manifests: { type: manager.manifests }
  instances: { type: manager.instances }
vendors:
  device:    { type: vendor.device-signed, path: /api/v1 }
bindings:
  http:      { type: binding.http, config: { port: 0, tls: off } }
`,
      });
      const proxy = new DisturbingProxy(new URL(host.url));
      await proxy.start();
      const transport = httpTransport({ url: proxy.url });
      return {
        uses: { transport },
        side: {
          change: async (id) => fleet.change(id),
          disturb: (how) => proxy.disturb(how),
          asked: () => proxy.asked(),
          hangUp: async () => fleet.hangUp(),
          clients: async () => [...fleet.clients.keys()],
          capabilities: async (id) =>
            proxy.bodies.get(`/api/v1/clients/${id}/capabilities`) as Readonly<Record<string, Json>> | undefined,
          reports: async (id) => fleet.clients.get(id)?.reports ?? [],
        },
        async close() {
          await transport.close();
          await proxy.stop();
          await host.stop();
        },
      };
    },
  });
}
