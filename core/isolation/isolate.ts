/** The program of an isolate: it makes one entry, and answers for it. */

import { resolve } from 'node:path';
import process from 'node:process';
import { isMainThread, parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { systemClock } from '../host/clock.js';
import { healthOf } from '../host/health-of.js';
import { madeBy } from '../host/made.js';
import { membersOf, presentable } from '../host/presentable.js';
import { Problem, type ServedOperation } from '../operation/index.js';
import type { Definition, Used, Uses, VendorOffer } from '../plugin/definition.js';
import type { Lifecycle } from '../plugin/lifecycle.js';
import type { LogFields, Logger } from '../plugin/logger.js';
import { demandOf } from '../plugin/use.js';
import type { Assignment, Made, Pulse, UsedObjects } from './assignment.js';
import { crossingOf } from './crossing.js';
import { definitionOf } from './definition-of.js';
import { plainError } from './errors.js';
import { LineRate, Window } from './flood.js';
import type { Channel } from './message.js';
import { endWithHost } from './orphan.js';
import { Peer } from './peer.js';
import { type Crossing, constantsOf, local, remote } from './remote.js';

const peer: Peer = new Peer(hostChannel(), {
  faults: [Problem],
  most: 10_000,
  astray: (error) => log('warn')('a call to the host went wrong', { error }),
});
let instance: (Lifecycle & VendorOffer) | undefined;
const lines = new Window();
const rate = new LineRate(systemClock, (left) => lines.leave(left));

peer.expose('isolate', {
  make: async (assignment) => make(assignment as Assignment),
  pulse: (): Pulse => {
    rate.beat();
    return { health: healthOf(instance), rss: process.memoryUsage.rss(), left: lines.left() };
  },
});

async function make(assignment: Assignment): Promise<Made> {
  const definition = await definitionOf(assignment);
  const config = await definition.config.safeParseAsync(assignment.config ?? {});
  if (!config.success) throw new Error(`its config is not what its schema asks for: ${z.prettifyError(config.error)}`);
  const { name, path, dataDir, folder } = assignment;
  const made: Lifecycle & VendorOffer = madeBy(definition, {
    name,
    path,
    config: config.data,
    uses: usesOf(definition, assignment.uses),
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    clock: systemClock,
    dataDir,
    resolvePath: (file) => resolve(folder, file),
  });
  instance = made;
  exposeHooks(made);
  if (definition.kind === 'vendor') exposeOperations(definition, made);
  const provided = definition.provides[0];
  const crossing: Crossing | undefined = provided && crossingOf(provided);
  if (crossing) peer.expose('instance', local(crossing, made));
  return {
    members: crossing ? Object.keys(crossing.members).filter((name) => Reflect.get(made, name) !== undefined) : [],
    constants: crossing ? constantsOf(crossing, made) : {},
    hooks: (['start', 'drain', 'stop'] as const).filter((hook) => made[hook] !== undefined),
  };
}

function exposeHooks(made: Lifecycle): void {
  peer.expose('entry', {
    start: (signal) => made.start?.(signal as AbortSignal),
    drain: (signal) => made.drain?.(signal as AbortSignal),
    stop: (signal) => made.stop?.(signal as AbortSignal),
  });
}

/** @throws Error where it offers what cannot leave this side */
function exposeOperations({ operations: declared = [] }: Definition, offer: VendorOffer): void {
  if (offer.authenticators?.length || offer.mounts?.length)
    throw new Error('a vendor with authenticators or mounts cannot be isolated: they look at calls before they count');
  const served = new Map((offer.operations ?? []).map((one) => [one.operation.id, one]));
  const missing = declared.find(({ id }) => !served.has(id));
  if (missing) throw new Error(`its definition declares the operation ${missing.id}, and it does not serve it`);
  const handlers = [...served].map(([id, one]) => [id, handlerOf(one)] as const);
  peer.expose('operations', Object.fromEntries(handlers));
}

function handlerOf({ handler, present, refused }: ServedOperation): (call: unknown) => unknown {
  if (refused) throw new Error('a vendor that is told of refused calls cannot be isolated');
  if (present) throw new Error('a vendor that words problems in its own way cannot be isolated');
  return (call) => handler(call as never);
}

function usesOf(definition: Definition, given: Assignment['uses']): Used<Uses> {
  const uses = Object.entries(definition.uses).map(([name, use]) => {
    const crossing = crossingOf(demandOf(use).ref);
    const objects: UsedObjects = given[name] ?? { kind: 'none' };
    if (objects.kind === 'none' || !crossing) return [name, undefined];
    if (objects.kind === 'one') return [name, proxy(crossing, objects)];
    return [name, new Map(Object.entries(objects.objects).map(([entry, one]) => [entry, proxy(crossing, one)]))];
  });
  // The host wired them by the same refs.
  return Object.fromEntries(uses) as Used<Uses>;
}

function proxy(
  crossing: Crossing,
  {
    object,
    constants,
  }: Extract<UsedObjects, { kind: 'one' }> | { object: string; constants: Readonly<Record<string, unknown>> },
): object {
  return remote(crossing, object, {
    peer: () => peer,
    eachPeer: (use) => {
      use(peer);
      return () => undefined;
    },
    constant: (member) => constants[member],
    // A timer of the platform cannot wait for ever: it would be over at once.
    deadline: undefined,
    astray: (error) => log('warn')('the host could not be subscribed to', { error }),
  });
}

function log(level: keyof Logger): (message: string, fields?: LogFields) => void {
  return (message, fields) => {
    const text = String(message);
    // As JSON, which the log makes of them anyway: a structured clone fails for a single function among them.
    const rest = JSON.stringify(presentable(membersOf(fields ?? {})));
    const characters = text.length + rest.length;
    if (!rate.take(characters)) return;
    lines.pass(characters, () => peer.call('log', 'write', [level, text, rest], { broken: plainError }));
  };
}

function hostChannel(): Channel {
  if (parentPort && !isMainThread) {
    const port = parentPort;
    return {
      send: (message) => port.postMessage(message),
      listen: (receive, ended) => {
        port.on('message', receive);
        port.once('close', () => ended('the host is gone'));
      },
    };
  }
  endWithHost();
  const send = process.send?.bind(process);
  // The host reads from this line what the platform has read before: what a plugin sends of its own could end the host there.
  delete process.send;
  return {
    send: (message) => send?.(message, undefined, {}, () => undefined),
    listen: (receive) => {
      process.on('message', receive);
      // Whoever is left alone has nothing more to do, whatever it was about to.
      process.once('disconnect', () => process.exit());
    },
  };
}
