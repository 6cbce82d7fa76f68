import type { Authenticator, CallerKind, MountedOperation, Output } from '../../../core/operation/index.js';
import { callTopic, controlTopic, replyTopic } from '../wire/topics.js';
import { commonMessages, messagesOf } from './messages.js';
import { type Json, schemasOf } from './schemas.js';

export interface AsyncApiOptions {
  readonly title: string;
  readonly version: string;
  /** `mqtts://host:port`; no server is described without it. */
  readonly url?: string | undefined;
  readonly root: string;
  readonly operations: readonly MountedOperation[];
  /** How callers of some kinds can show who they are. */
  readonly schemes: (kinds: readonly CallerKind[]) => readonly Pick<Authenticator, 'scheme' | 'challenge'>[];
}

/** What a host offers over MQTT, as AsyncAPI 3.0 has it: the host receives calls, and sends replies where each call says. */
export function asyncApi({ title, version, url, root, operations, schemes }: AsyncApiOptions): Json {
  const sorted = [...operations].sort((a, b) => (a.operation.id < b.operation.id ? -1 : 1));
  const used = schemes([...new Set(sorted.flatMap(({ operation }) => operation.access.kinds))]);
  const schemas = schemasOf(sorted.map((mounted) => mounted.operation));
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: 'Every call is one message; its answer is sent to the topic that it names.' },
    defaultContentType: 'application/json',
    ...(url !== undefined && { servers: { broker: server(url) } }),
    channels: {
      ...Object.fromEntries(sorted.map((mounted) => [mounted.operation.id, callChannel(root, mounted)])),
      reply: {
        address: replyTopic(root, '{name}', '{session}'),
        description: 'Answers to the calls of one session. Its name is the caller’s own choice, hard to guess.',
        parameters: { name: nameParameter, session: { description: 'The caller’s own choice' } },
        messages: {
          ...Object.fromEntries(sorted.map(({ operation: { id } }) => [`${id}.reply`, ref('messages', `${id}.reply`)])),
          problem: ref('messages', 'problem'),
          'not-modified': ref('messages', 'not-modified'),
          end: ref('messages', 'end'),
        },
      },
      control: {
        address: controlTopic(root, '{name}'),
        description: 'What a caller says about its open calls; also its last will.',
        parameters: { name: nameParameter },
        messages: { control: ref('messages', 'control') },
      },
    },
    operations: {
      ...Object.fromEntries(sorted.map((mounted) => [mounted.operation.id, operation(mounted, schemes)])),
      control: {
        action: 'receive',
        channel: { $ref: '#/channels/control' },
        summary: 'Cancel a call, take more items of a stream, or go away',
        messages: [{ $ref: '#/channels/control/messages/control' }],
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(sorted.flatMap((mounted) => messagesOf(mounted, schemas))),
        ...commonMessages,
      },
      schemas: schemas.shared,
      securitySchemes: Object.fromEntries(used.map((one) => [one.scheme.toLowerCase(), securityScheme(one)])),
    },
  };
}

const nameParameter = {
  description: 'As the broker knows the caller: its user, its certificate’s common name or its client id',
};
const ref = (where: string, name: string): Json => ({ $ref: `#/components/${where}/${name}` });
function server(url: string): Json {
  const { protocol, host } = new URL(url);
  return { host, protocol: protocol === 'mqtts:' ? 'secure-mqtt' : 'mqtt', protocolVersion: '5' };
}

function callChannel(root: string, { operation: { id, summary } }: MountedOperation): Json {
  return {
    address: callTopic(root, '{name}', id),
    description: summary,
    parameters: { name: nameParameter },
    messages: { call: ref('messages', `${id}.call`) },
  };
}

function operation(
  { operation: { id, summary, access, output } }: MountedOperation,
  schemes: AsyncApiOptions['schemes'],
): Json {
  const security = schemes(access.kinds).map(({ scheme }) => ref('securitySchemes', scheme.toLowerCase()));
  const replies = [
    `${id}.reply`,
    'problem',
    ...(output.kind === 'stream' ? ['end'] : []),
    ...(conditional(output) ? ['not-modified'] : []),
  ];
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${id}` },
    summary,
    description: `For: ${access.rule}.`,
    ...(security.length > 0 && { security }),
    messages: [{ $ref: `#/channels/${id}/messages/call` }],
    reply: {
      address: {
        description: 'The response topic of MQTT 5; on 3.1.1 `replyTo` of the head',
        location: '$message.header#/replyTo',
      },
      channel: { $ref: '#/channels/reply' },
      messages: replies.map((name) => ({ $ref: `#/channels/reply/messages/${name}` })),
    },
  };
}

function conditional({ kind }: Output): boolean {
  return kind === 'value' || kind === 'representation';
}

function securityScheme({ scheme, challenge }: Pick<Authenticator, 'scheme' | 'challenge'>): Json {
  return scheme.toLowerCase() === 'bearer'
    ? { type: 'http', scheme: 'bearer', description: 'An API token in the field authorization of the call' }
    : scheme.toLowerCase() === 'signature'
      ? {
          type: 'asymmetricEncryption',
          description: 'HTTP message signature (RFC 9421) in fields of the call, over its HTTP form at mqtt://<root>',
        }
      : { type: 'X509', description: `Challenge: ${challenge}` };
}
