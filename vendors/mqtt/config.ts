import { z } from '../../core/plugin/index.js';
import { rootForm, urlFault } from './wire/index.js';

export const config = z
  .strictObject({
    url: z
      .string()
      .optional()
      .describe('The broker: mqtts://host:port, or mqtt:// on this machine; an entry of broker.* is used without it'),
    ca: z.string().optional().describe('PEM file of the authorities to trust; those of the system unless told'),
    certificate: z.string().optional().describe('PEM file of a client certificate; taken up anew when it changes'),
    key: z.string().optional().describe('PEM file of its key'),
    username: z.string().min(1).optional().describe('User of the broker'),
    passwordFile: z.string().optional().describe('File that holds the password'),
    root: z
      .string()
      .regex(rootForm, 'expected one level of lower-case letters, digits, dots and dashes')
      .default('tutti')
      .describe('First level of all topics; signatures cover it as mqtt://<root>'),
    clientId: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Of the session that the broker keeps for this host; <root>-host unless told, and no two hosts may have one',
      ),
    protocol: z
      .enum(['auto', '5', '3.1.1'])
      .default('auto')
      .describe('Version of MQTT; auto: 5 where the broker has it'),
    bodyLimit: z
      .number()
      .int()
      .min(1)
      .default(1024 * 1024)
      .describe('Bytes of a body, for operations that set no limit of their own'),
    maxCalls: z.number().int().min(1).default(1000).describe('Calls under way at the same time, streams not counted'),
    maxStreams: z.number().int().min(1).default(10_000).describe('Streams at the same time'),
    names: z
      .enum(['free', 'certificates'])
      .default('free')
      .describe(
        'certificates: the broker takes <name> from the verified client certificate and keeps others off its topics, so the name counts as proof',
      ),
    streamIdleTimeout: z
      .number()
      .positive()
      .max(3600)
      .default(120)
      .describe('Seconds without a sign of life from its caller after which a stream ends'),
    sessionExpiry: z
      .number()
      .int()
      .min(0)
      .max(7 * 86_400)
      .default(3600)
      .describe(
        'Seconds that the broker keeps calls for this host while it is away (MQTT 5; on 3.1.1 as the broker does)',
      ),
  })
  .check(({ value, issues }) => {
    const fault = (path: string, message: string): void => {
      issues.push({ code: 'custom', path: [path], input: value, message });
    };
    const wrong = value.url === undefined ? undefined : urlFault(value.url);
    if (wrong !== undefined) fault('url', wrong);
    if ((value.certificate === undefined) !== (value.key === undefined)) {
      fault('certificate', 'certificate and key go together');
    }
    if (value.passwordFile !== undefined && value.username === undefined) fault('passwordFile', 'needs a username');
    if (value.url === undefined && value.names === 'certificates') {
      fault(
        'names',
        'a broker inside the host shows certificates by itself; leave this out, and give the broker clientCa',
      );
    }
    if (value.url === undefined && (value.ca ?? value.certificate ?? value.username) !== undefined) {
      fault('url', 'ca, certificate and username are for a broker with a url');
    }
  });

export type MqttConfig = z.output<typeof config>;
