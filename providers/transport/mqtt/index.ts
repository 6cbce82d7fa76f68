import { defineProvider } from '../../../core/plugin/index.js';
import { Transport } from '../../../core/ports/index.js';
import { config } from './config.js';
import { MqttTransport } from './transport.js';

export { MqttTransport, type MqttTransportOptions, mqttTransport } from './transport.js';

export default defineProvider({
  port: Transport,
  type: 'transport.mqtt',
  version: '1.0.0',
  summary: 'Calls a host over MQTT 5 or 3.1.1, by way of a broker',
  needs: {
    network: 'Connects to the broker at the url of its config',
    files: 'Reads the certificate, key, CA and password files of its config',
  },
  config,
  create: ({ config: { ca, certificate, key, passwordFile, ...given }, resolvePath, clock }) => {
    const resolved = (path: string | undefined): string | undefined =>
      path === undefined ? undefined : resolvePath(path);
    return new MqttTransport({
      ...given,
      ca: resolved(ca),
      certificate: resolved(certificate),
      key: resolved(key),
      passwordFile: resolved(passwordFile),
      clock,
    });
  },
});
