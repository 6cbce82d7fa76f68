import {
  type Call,
  type Operation,
  Problem,
  problems,
  type Reply,
  type ServedOperation,
  type StreamItem,
  serve,
} from '../operation/index.js';
import type { Clock } from '../plugin/clock.js';
import type { Definition, VendorOffer } from '../plugin/definition.js';
import type { Lifecycle } from '../plugin/lifecycle.js';
import type { Logger } from '../plugin/logger.js';
import { demandOf } from '../plugin/use.js';
import type { Isolation } from '../profile/model.js';
import type { Assignment, UsedObjects } from './assignment.js';
import { launch } from './channel.js';
import { crossingOf } from './crossing.js';
import { Lasting, type Peer } from './peer.js';
import { type Crossing, constantsOf, local, remote } from './remote.js';
import { Supervisor } from './supervisor.js';

export interface IsolatedParts {
  readonly name: string;
  readonly path: string | undefined;
  readonly definition: Definition;
  readonly isolation: Isolation;
  /** The entry's config as the profile says it. */
  readonly written: unknown;
  /** The instances of what it uses. */
  readonly uses: Readonly<Record<string, unknown>>;
  readonly dataDir: string;
  readonly resolvePath: (path: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds. */
  readonly startDeadline: number;
}

/** An entry that runs elsewhere, for the host like any other. Nothing runs before it is started. */
export function isolated(parts: IsolatedParts): Lifecycle & VendorOffer {
  const { definition, isolation, clock, log, startDeadline } = parts;
  const { kind, memory, deadline } = isolation;
  const provided = definition.provides[0];
  const crossing = provided && crossingOf(provided);
  const used = usedBy(parts);
  const supervisor = new Supervisor({
    launch: (wrote) => launch({ kind, memory, wrote }),
    assignment: (): Assignment => ({
      origin: isolation.origin,
      type: definition.type,
      name: parts.name,
      path: parts.path,
      config: parts.written,
      uses: Object.fromEntries(used.map(({ use, objects }) => [use, objects()])),
      dataDir: parts.dataDir,
      folder: parts.resolvePath('.'),
    }),
    expose: (peer) => {
      for (const { expose } of used) expose(peer);
    },
    faults: [Problem, ...(crossing?.faults ?? [])],
    clock,
    log,
    deadline,
    startDeadline,
    // A process has memory beside its heap: code, buffers, the threads of the platform.
    rssLimit: kind === 'process' ? (memory + 128) * 2 ** 20 : undefined,
  });
  const instance = crossing ? remote(crossing, 'instance', supervisor) : {};
  supervisor.onMade = ({ members }) => {
    // A member that an interface leaves open is there or not, and users look for it.
    for (const name of Object.keys(crossing?.members ?? {})) {
      if (!members.includes(name)) Reflect.deleteProperty(instance, name);
    }
  };
  // Not by spreading: what the other side calls constant is read when it is asked for.
  return Object.assign(instance, {
    start: (signal: AbortSignal) => supervisor.start(signal),
    drain: (signal: AbortSignal) => supervisor.drain(signal),
    stop: (signal: AbortSignal) => supervisor.stop(signal),
    health: () => supervisor.health(),
    ...(definition.operations && {
      operations: definition.operations.map((operation) => forwarded(operation, supervisor)),
    }),
  });
}

/** An operation whose handler is on the other side. */
function forwarded(operation: Operation, supervisor: Supervisor): ServedOperation {
  const broken = (message: string): Problem =>
    new Problem(problems.unavailable, `${operation.id} cannot be answered at the moment: ${message}`);
  const late = (): Problem =>
    new Problem(problems.timeout, `${operation.id} took longer than its plugin may take, ${supervisor.deadline} ms`);
  return serve(operation, async (call: Call<unknown>) => {
    const peer = supervisor.peer();
    if (typeof peer === 'string') throw broken(peer);
    const lasting = new Lasting();
    const { deadline } = supervisor;
    const options = { broken, late, deadline, faults: [Problem], functions: false, lasting };
    const reply = (await peer.call('operations', operation.id, [plainCall(call)], options)) as Reply<unknown>;
    if (reply.kind === 'stream') return { ...reply, items: until(reply.items, lasting) };
    lasting.end();
    return reply;
  });
}

function plainCall({ input, principal, evidence, correlationId, signal, ifMatch, resumeAfter }: Call<unknown>) {
  const { method, targetUri, headers, body, params, clientCertificate, clientName, peer } = evidence;
  const plain = { method, targetUri, headers, body, params, clientCertificate, clientName, peer };
  return { input, principal, evidence: plain, correlationId, signal, ifMatch, resumeAfter };
}

async function* until(
  items: AsyncIterable<StreamItem<unknown>>,
  lasting: Lasting,
): AsyncGenerator<StreamItem<unknown>> {
  try {
    yield* items;
  } finally {
    lasting.end();
  }
}

interface UsedPart {
  readonly use: string;
  /** As they are when the entry is made: what an isolated provider is made of may have come again since. */
  readonly objects: () => UsedObjects;
  readonly expose: (peer: Peer) => void;
}

/** What an entry uses, callable from its side under names that both sides know. */
function usedBy({ definition, uses }: IsolatedParts): readonly UsedPart[] {
  return Object.entries(definition.uses).flatMap(([use, wanted]): UsedPart[] => {
    const crossing = crossingOf(demandOf(wanted).ref);
    const given = uses[use];
    if (!crossing || given === undefined) return [];
    if (given instanceof Map) {
      const all = [...(given as ReadonlyMap<string, object>)].map(([name, one]) => ({
        name,
        ...part(crossing, `use:${use}:${name}`, one),
      }));
      const objects = (): UsedObjects => ({
        kind: 'every',
        objects: Object.fromEntries(all.map(({ name, object }) => [name, object()])),
      });
      return [{ use, objects, expose: (peer) => all.forEach(({ expose }) => void expose(peer)) }];
    }
    const { object, expose } = part(crossing, `use:${use}`, given as object);
    return [{ use, objects: () => ({ kind: 'one', ...object() }), expose }];
  });
}

function part(crossing: Crossing, name: string, instance: object) {
  return {
    object: () => ({ object: name, constants: constantsOf(crossing, instance) }),
    expose: (peer: Peer) => peer.expose(name, local(crossing, instance)),
  };
}
