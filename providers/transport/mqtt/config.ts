import { z } from '../../../core/plugin/index.js';
import { levelFault, rootForm, urlFault } from '../../../vendors/mqtt/wire/index.js';

export const config = z
  .strictObject({
    url: z.string().describe('The broker: mqtts://host:port, or mqtt:// on this machine'),
    ca: z.string().optional().describe('PEM file of the authorities to trust; those of the system unless told'),
    certificate: z.string().optional().describe('PEM file of a client certificate; taken up anew when it changes'),
    key: z.string().optional().describe('PEM file of its key'),
    username: z.string().min(1).optional().describe('User of the broker'),
    passwordFile: z.string().optional().describe('File that holds the password'),
    root: z
      .string()
      .regex(rootForm, 'expected one level of lower-case letters, digits, dots and dashes')
      .default('tutti')
      .describe("First level of all topics, as the host's binding has it"),
    name: z
      .string()
      .optional()
      .describe(
        'Second level of all topics, as the broker knows this client: the username, or else the client id, unless told',
      ),
    clientId: z
      .string()
      .min(1)
      .optional()
      .describe('One by chance unless told, so that several programs may be one user'),
    protocol: z
      .enum(['auto', '5', '3.1.1'])
      .default('auto')
      .describe(
        'Version of MQTT; auto: 5 where the broker has it. A host that speaks 3.1.1 only cannot be called in 5',
      ),
  })
  .check(({ value, issues }) => {
    const fault = (path: string, message: string | undefined): void => {
      if (message !== undefined) issues.push({ code: 'custom', path: [path], input: value, message });
    };
    fault('url', urlFault(value.url));
    if (value.name !== undefined) fault('name', levelFault(value.name));
    if ((value.certificate === undefined) !== (value.key === undefined)) {
      fault('certificate', 'certificate and key go together');
    }
    if (value.passwordFile !== undefined && value.username === undefined) fault('passwordFile', 'needs a username');
  });

export type MqttTransportConfig = z.output<typeof config>;
