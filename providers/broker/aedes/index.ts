import { defineProvider } from '../../../core/plugin/index.js';
import { Broker } from '../../../core/ports/index.js';
import { config } from './config.js';
import { AedesBroker } from './server.js';

export default defineProvider({
  port: Broker,
  type: 'broker.aedes',
  version: '1.0.0',
  summary: 'An MQTT 3.1.1 broker inside the host, for one machine',
  needs: {
    network: 'Listens for MQTT on the address and port of its config',
    files: 'Reads the certificate, key, CA and password files of its config',
  },
  config,
  create: (context) => new AedesBroker(context),
});
