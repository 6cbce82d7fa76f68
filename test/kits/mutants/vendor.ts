import {
  type Authenticator,
  atLeast,
  type Call,
  type Credentials,
  created,
  defineOperation,
  defineVendor,
  empty,
  ok,
  Problem,
  problems,
  type Reply,
  type ServedOperation,
  type StreamItem,
  serve,
  stream,
  type VendorOffer,
  z,
} from '../../../core/plugin/index.js';
import {
  type MakeSubject,
  type VendorSample,
  type VendorUnderTest,
  vendorSubjects,
} from '../../../core/testing/index.js';

const id = z.string().regex(/^[a-z]{1,20}$/, 'expected 1 to 20 letters');
const note = z.object({ id, text: z.string(), writes: z.int() });
type Note = z.output<typeof note>;

const reading = { access: atLeast('viewer'), idempotency: 'safe' } as const;
const writing = { access: atLeast('operator'), idempotency: 'idempotent' } as const;
const oneNote = { kind: 'value', schema: note } as const;

const put = defineOperation({
  ...writing,
  id: 'notes.put',
  summary: 'Writes a note down',
  input: z.strictObject({ id, text: z.string().max(1_000) }),
  output: oneNote,
  problems: [],
  http: { method: 'PUT', path: '/notes/{id}' },
});
const add = defineOperation({
  ...writing,
  id: 'notes.add',
  summary: 'Adds to a note',
  input: z.strictObject({ id, text: z.string().max(1_000) }),
  output: oneNote,
  problems: [problems.notFound],
  idempotency: 'once',
  http: { method: 'POST', path: '/notes/{id}' },
});
const get = defineOperation({
  ...reading,
  id: 'notes.get',
  summary: 'A note',
  input: z.strictObject({ id }),
  output: oneNote,
  problems: [problems.notFound],
  http: { method: 'GET', path: '/notes/{id}' },
});
const remove = defineOperation({
  ...writing,
  id: 'notes.remove',
  summary: 'Throws a note away',
  input: z.strictObject({ id }),
  output: { kind: 'empty' },
  problems: [],
  http: { method: 'DELETE', path: '/notes/{id}' },
});
const watch = defineOperation({
  ...reading,
  id: 'notes.watch',
  summary: 'Notes as they are written',
  input: z.strictObject({}),
  output: { kind: 'stream', schema: note },
  problems: [],
  http: { method: 'GET', path: '/changes' },
});
const operations = { put, add, get, remove, watch };

/** A vendor that works, for mutants to break in one place. */
export class VendorMutant {
  protected readonly notes = new Map<string, Note>();

  served(): ServedOperation[] {
    return [
      serve(put, ({ input }) => created(this.write(input.id, input.text), `/notes/${input.id}`)),
      serve(add, ({ input }) => ok(this.write(input.id, this.read(input.id).text + input.text))),
      serve(get, (call) => this.get(call)),
      serve(remove, ({ input }) => {
        this.notes.delete(input.id);
        return empty;
      }),
      serve(watch, ({ signal }) => stream(this.watch(signal))),
    ];
  }

  authenticators(): Authenticator[] {
    return [
      {
        scheme: 'notes',
        challenge: 'Notes',
        makes: 'user',
        authenticate: ({ headers: { authorization } }) => {
          if (authorization === undefined) return undefined;
          if (!this.knows(authorization)) throw new Problem(problems.notAuthenticated, 'nobody has this token');
          return { kind: 'user', id: 'reader', roles: ['viewer'] };
        },
      },
    ];
  }

  protected knows(authorization: string): boolean {
    return authorization === 'Notes GET http://localhost/kit/notes/shop';
  }

  declared = Object.values(operations) as unknown as ServedOperation['operation'][];

  get({ input }: Call<{ readonly id: string }>): Reply<unknown> {
    return ok(this.read(input.id));
  }

  protected read(wanted: string): Note {
    const found = this.notes.get(wanted);
    if (!found) throw new Problem(problems.notFound, `there is no note ${wanted}`);
    return found;
  }

  /** The same text is the same note, however often it is written. */
  protected write(key: string, text: string): Note {
    const before = this.notes.get(key);
    const written = before?.text === text ? before : { id: key, text, writes: (before?.writes ?? 0) + 1 };
    this.notes.set(key, written);
    return written;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StreamItem<Note>> {
    for (const data of this.notes.values()) yield { data };
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
}

/** Breaks at what it did not expect. */
export class BreaksOnOddInput extends VendorMutant {
  override served(): ServedOperation[] {
    const careless = defineOperation({ ...get, input: z.strictObject({ id: z.string() }) });
    const handler = ({ input }: Call<{ readonly id: string }>): Reply<unknown> => {
      if (!/^[a-z]+$/.test(input.id)) throw new TypeError(`cannot read ${input.id}`);
      return this.get({ input } as Call<{ readonly id: string }>);
    };
    return super.served().map((one) => (one.operation.id === get.id ? serve(careless, handler) : one));
  }
}

/** Answers with a little more, and a little less, than it has promised. */
export class AnswersOther extends VendorMutant {
  override get({ input }: Call<{ readonly id: string }>): Reply<unknown> {
    const { writes, ...rest } = this.read(input.id);
    return ok({ ...rest, count: writes });
  }
}

/** Has a problem that nobody was told of. */
export class HasUndeclaredProblems extends VendorMutant {
  protected override read(wanted: string): Note {
    const found = this.notes.get(wanted);
    if (!found) throw new Problem(problems.preconditionFailed, `there is no note ${wanted}`);
    return found;
  }
}

/** Counts a write that is made again. */
export class WritesTwice extends VendorMutant {
  protected override write(key: string, text: string): Note {
    const written = { id: key, text, writes: (this.notes.get(key)?.writes ?? 0) + 1 };
    this.notes.set(key, written);
    return written;
  }
}

/** Changes what it is asked for. */
export class ChangesByReading extends VendorMutant {
  override get(call: Call<{ readonly id: string }>): Reply<unknown> {
    const { id: key, text, writes } = this.read(call.input.id);
    this.notes.set(key, { id: key, text, writes: writes + 1 });
    return super.get(call);
  }
}

/** Serves an operation that its definition does not tell of. */
export class ServesUndeclared extends VendorMutant {
  override declared = [put, add, get, watch] as unknown as ServedOperation['operation'][];
}

/** Has two operations where there is room for one. */
export class SharesARoute extends VendorMutant {
  override served(): ServedOperation[] {
    const other = defineOperation({ ...remove, http: { ...remove.http, path: '/notes/{id}', method: 'PUT' } });
    return super.served().map((one) => (one.operation.id === remove.id ? serve(other, () => empty) : one));
  }
}

/** Lets in whoever shows anything. */
export class BelievesAnybody extends VendorMutant {
  protected override knows(): boolean {
    return true;
  }
}

/** Goes on with a stream that nobody reads. */
export class StreamsForEver extends VendorMutant {
  override async *watch(): AsyncGenerator<StreamItem<Note>> {
    for (const data of this.notes.values()) yield { data };
    await new Promise(() => undefined);
  }
}

/** Leaves timers behind. */
export class LeavesTimers extends VendorMutant {
  protected override write(key: string, text: string): Note {
    setTimeout(() => undefined, 30_000);
    return super.write(key, text);
  }
}

/** Credentials that are good for this very call. */
const forThisCall: Credentials = (call) => ({ authorization: `Notes ${call().method} ${call().url}` });
const samples: readonly VendorSample[] = [
  { operation: 'notes.get', input: { id: 'shop' }, problem: problems.notFound.type },
  { operation: 'notes.put', input: { id: 'shop', text: 'milk' }, value: { id: 'shop', text: 'milk', writes: 1 } },
  { operation: 'notes.get', input: { id: 'shop' }, as: 'viewer' },
  { operation: 'notes.get', input: { id: 'shop' }, as: forThisCall },
  {
    operation: 'notes.get',
    input: { id: 'shop' },
    as: () => ({ authorization: 'Notes for another' }),
    problem: problems.notAuthenticated.type,
  },
  { operation: 'notes.put', input: { id: 'shop', text: 'milk' }, as: 'viewer', problem: problems.notAuthorized.type },
  { operation: 'notes.add', input: { id: 'shop', text: ', bread' } },
  { operation: 'notes.watch' },
  { operation: 'notes.remove', input: { id: 'other' } },
  { operation: 'notes.remove', input: { id: 'shop' } },
];

export function subjects(mutant: new () => VendorMutant): MakeSubject<VendorUnderTest> {
  const definition = defineVendor({
    type: 'vendor.notes',
    version: '1.0.0',
    operations: new mutant().declared,
    create: (): VendorOffer => {
      const made = new mutant();
      return { operations: made.served(), authenticators: made.authenticators() };
    },
  });
  return vendorSubjects(definition, { samples });
}
