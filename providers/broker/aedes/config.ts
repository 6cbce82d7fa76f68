import { checkListening, listening, portNumber } from '../../../core/listening/index.js';
import { isLoopback } from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';
import { levelForm } from './confinement.js';

/** One level of a topic. */
const level = z.string().regex(levelForm, 'expected a text without + # / and NUL');

export const config = z
  .strictObject({
    ...listening({ port: portNumber.optional().describe('1883 without TLS, else 8883; 0 takes any free port') }),
    users: z
      .array(
        z.strictObject({
          name: level.describe('User, and the name below which it may publish and subscribe'),
          passwordFile: z.string().describe('File that holds its password'),
        }),
      )
      .default([])
      .describe('Accounts; without them and without clientCa the client id is the name, on loopback only'),
    root: level.default('tutti').describe('First level of all topics, as the binding has it'),
    maxConnections: z.number().int().min(1).default(10_000).describe('Connections at the same time'),
    maxPacket: z
      .number()
      .int()
      .min(1024)
      .default(16 * 1024 * 1024)
      .describe('Bytes of the largest packet that a client may send'),
    drainTimeout: z
      .number()
      .positive()
      .max(3600)
      .default(30)
      .describe('Seconds after which a client that does not read what it subscribed to is disconnected'),
  })
  .check(checkListening)
  .check(({ value, issues }) => {
    const fault = (path: string, message: string): void => {
      issues.push({ code: 'custom', path: [path], input: value, message });
    };
    const { host, users, clientCa } = value;
    if (!isLoopback(host) && users.length === 0 && clientCa === undefined) {
      fault(
        'users',
        `beyond this machine clients must show who they are: give users or clientCa, or listen on 127.0.0.1`,
      );
    }
    if (new Set(users.map(({ name }) => name)).size < users.length) fault('users', 'two users have one name');
  });

export type AedesConfig = z.output<typeof config>;
