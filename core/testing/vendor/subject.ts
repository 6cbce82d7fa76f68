import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Gate, incomingCall, type Operation, type Outcome, type Role } from '../../operation/index.js';
import type { Clock } from '../../plugin/clock.js';
import type { Definition, VendorOffer } from '../../plugin/definition.js';
import type { Lifecycle } from '../../plugin/lifecycle.js';
import { manualClock } from '../clock.js';
import { type TestContext, testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';
import { type RecordingLogger, recordingLogger } from '../loggers.js';
import { callerAuthenticators, credentialsOf, origin, type VendorCaller } from './callers.js';

/**
 * A call that the author of a vendor knows to be a good one. Samples are made in their order, on a vendor of their own,
 * so that one may build on those before it.
 *
 * @experimental
 */
export interface VendorSample {
  /** The operation's id. */
  readonly operation: string;
  /** `{}` unless told. */
  readonly input?: Readonly<Record<string, unknown>>;
  /**
   * Who calls: whoever may do most unless told, of the first kind that the operation takes. The kit vouches for these.
   * Where the vendor has authenticators of its own, the credentials that they know try them too.
   */
  readonly as?: VendorCaller;
  /** The value that it must be answered with; any that the operation declares unless told. */
  readonly value?: unknown;
  /** The `type` of the problem that it must be answered with; none unless told. */
  readonly problem?: string;
  /** Whether its answer is another one each time by itself, as one with the time of day is. */
  readonly varies?: boolean;
}

/** @experimental */
export interface VendorSubjectOptions {
  /** As a profile would say it. */
  readonly config?: unknown;
  /** By the names of the definition's `uses`; a function makes new ones for each subject. */
  readonly uses?: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>);
  /** At least one for each operation, so that the kit can see all of them at work. */
  readonly samples?: readonly VendorSample[];
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
}

/** How a call ended. */
export interface Heard {
  readonly outcome: Outcome;
  /** What went wrong in the vendor itself, whatever callers were told. */
  readonly failure: unknown;
}

/**
 * A vendor behind the same door as in a host: credentials, input, access and what is answered are looked after.
 *
 * @experimental
 */
export interface VendorUnderTest {
  readonly definition: Definition;
  readonly offer: VendorOffer;
  readonly samples: readonly VendorSample[];
  /** @param signal aborts when the caller goes away; never unless told */
  call(id: string, input: unknown, as: VendorCaller, signal?: AbortSignal): Promise<Heard>;
  /** Another one with the same options. */
  another(): Promise<VendorUnderTest & { stop(): Promise<void> }>;
}

const prefix = '/kit';

/**
 * Makes subjects of a vendor's definition for its kit.
 *
 * @experimental
 */
export function vendorSubjects(
  definition: Definition,
  options: VendorSubjectOptions = {},
): MakeSubject<VendorUnderTest> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const manual = manualClock();
    const made: TestContext<VendorOffer>[] = [];
    const make: VendorUnderTest['another'] = async () => {
      const log = recordingLogger();
      const uses = typeof options.uses === 'function' ? options.uses() : options.uses;
      const context = await testContext<VendorOffer>(definition, {
        ...{ config: options.config, dataDir, log, clock: options.clock ?? manual },
        ...(uses && { uses }),
      });
      made.push(context);
      await context.start();
      return {
        ...{ definition, offer: context.instance, samples: options.samples ?? [], another: make },
        // In the history of a case.
        [inspect.custom]: () => `another ${definition.type}`,
        call: doorOf(context.instance),
        stop: () => context.dispose(),
      };
    };
    return {
      instance: await make(),
      ...(options.clock === undefined && { advance: (milliseconds: number) => manual.advance(milliseconds) }),
      async dispose() {
        for (const context of made) await context.dispose();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}

function doorOf({ operations = [], authenticators = [] }: VendorOffer & Lifecycle): VendorUnderTest['call'] {
  const log: RecordingLogger = recordingLogger();
  const gate = new Gate([...callerAuthenticators, ...authenticators], log, { verifyReplies: true });
  return async (id, input, as, signal = new AbortController().signal) => {
    const served = operations.find(({ operation }) => operation.id === id);
    if (!served) throw new Error(`the vendor serves no ${id}: its samples are those of another`);
    const before = log.lines.length;
    const mounted = { ...served, vendor: 'kit', prefix };
    const sent = overJson(input);
    const headers = credentialsOf(as, mounted, sent);
    const outcome = await gate.invoke(
      mounted,
      incomingCall(mounted, {
        ...{ origin, peer: '127.0.0.1', signal, headers },
        input: () => sent as Readonly<Record<string, unknown>>,
      }),
    );
    const failed = log.lines.slice(before).find(({ level }) => level === 'error');
    return { outcome, failure: failed?.fields['error'] ?? failed?.message };
  };
}

/** What JSON makes of a value on its way; a key that is dangerous travels as well as any. */
function overJson(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Whoever may do most of the callers that an operation takes. */
export function mightiest({ access }: Pick<Operation, 'access'>): VendorCaller {
  const [kind] = access.kinds;
  if (kind === undefined) return 'anonymous';
  return kind === 'user' ? ('admin' satisfies Role) : { device: 'kit-device' };
}
