import type { Broker } from '../../core/plugin/index.js';
import { type BindingUnderTest, bindingSubjects, type MakeSubject, testContext } from '../../core/testing/index.js';
import aedes from '../../providers/broker/aedes/index.js';
import { mqttTransport } from '../../providers/transport/mqtt/index.js';
import mqtt from '../../vendors/mqtt/index.js';
import { holds } from './holds.js';

/** Each subject with a broker of its own, which stays when its binding stops. */
const make: MakeSubject<BindingUnderTest> = async () => {
  const broker = await testContext<Broker & { addresses(): readonly string[] }>(aedes, {
    config: { tls: 'off', port: 0 },
  });
  await broker.start();
  const subject = await bindingSubjects(mqtt, {
    uses: { broker: broker.instance },
    connect: (url) => mqttTransport({ url }),
    again: () => ({}),
    lacks: { peer: 'a broker does not tell the addresses of its clients' },
  })();
  return {
    ...subject,
    async dispose() {
      await subject.dispose();
      await broker.dispose();
    },
  };
};

holds('over MQTT by the embedded broker', make);
