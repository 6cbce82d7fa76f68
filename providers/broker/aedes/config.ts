import { isLoopback } from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';
import { levelForm } from './confinement.js';

/** One level of a topic. */
const level = z.string().regex(levelForm, 'expected a text without + # / and NUL');

export const config = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; only this machine unless told'),
    port: z.number().int().min(0).max(65_535).optional().describe('1883 without TLS, else 8883; 0 takes any free port'),
    tls: z
      .enum(['auto', 'files', 'off'])
      .default('auto')
      .describe(
        'auto: a development CA of its own below <data>/pki; files: certificate and key; off: on loopback only',
      ),
    certificate: z
      .string()
      .optional()
      .describe('PEM file, the chain included, with tls: files; taken up anew when it changes'),
    key: z.string().optional().describe('PEM file of its key'),
    hosts: z.array(z.string()).default([]).describe('Further names and addresses for the certificate of tls: auto'),
    minTls: z.enum(['1.2', '1.3']).default('1.3').describe('Oldest TLS version that is spoken'),
    clientCa: z
      .string()
      .optional()
      .describe('PEM file of the CA of client certificates; the common name is then the name of a client'),
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
  .check(({ value, issues }) => {
    const fault = (path: string, message: string): void => {
      issues.push({ code: 'custom', path: [path], input: value, message });
    };
    const { tls, host, users, clientCa } = value;
    if (!isLoopback(host)) {
      if (tls === 'off') fault('tls', `without TLS only loopback addresses may be listened on, not ${host}`);
      if (users.length === 0 && clientCa === undefined) {
        fault(
          'users',
          `beyond this machine clients must show who they are: give users or clientCa, or listen on 127.0.0.1`,
        );
      }
    }
    if ((tls === 'files') !== (value.certificate !== undefined && value.key !== undefined)) {
      fault('tls', 'certificate and key go with tls: files, and only with it');
    }
    if (tls === 'off' && clientCa !== undefined) fault('clientCa', 'client certificates are for TLS');
    if (new Set(users.map(({ name }) => name)).size < users.length) fault('users', 'two users have one name');
  });

export type AedesConfig = z.output<typeof config>;
