import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Context,
  defineProvider,
  FleetManager,
  type Lifecycle,
  type PullCredential,
  PullCredentials,
  z,
} from '../../../core/plugin/index.js';
import type { MakeSubject, PullCredentialsUnderTest } from '../../../core/testing/index.js';
import { CredentialFile } from '../../../providers/pull-credentials/wfm/file.js';
import { HandedCredentials } from '../../../providers/pull-credentials/wfm/handed.js';
import { handedSubjectsOf } from '../handing-side.js';

type Given = Pick<Context<object, { fleet: typeof FleetManager }>, 'uses' | 'clock' | 'log' | 'dataDir'>;

/** A provider that works, for mutants to break in one place. */
export class PullCredentialMutant implements PullCredentials, Lifecycle {
  protected readonly inner: HandedCredentials;

  constructor(protected readonly given: Given) {
    const { uses, clock, log, dataDir } = given;
    const file = this.keeps() ? new CredentialFile(join(dataDir, 'pulls')) : undefined;
    this.inner = new HandedCredentials({ fleet: uses.fleet, clock, log, ...(file && { file }) });
  }

  protected keeps(): boolean {
    return true;
  }
  start(): Promise<void> {
    return this.inner.start();
  }
  stop(): Promise<void> {
    return this.inner.stop();
  }
  current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    return this.inner.current(signal);
  }
  changes(signal: AbortSignal): AsyncIterable<readonly string[]> {
    return this.inner.changes(signal);
  }
  refused(credential: Pick<PullCredential, 'registry' | 'username'>): Promise<void> {
    return this.inner.refused(credential);
  }
}

/** Takes what it has for better than nothing. */
export class GivesWhatHasExpired extends PullCredentialMutant {
  #last: readonly PullCredential[] = [];
  override async current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const found = await this.inner.current(signal);
    if (found.length >= this.#last.length) this.#last = found;
    return this.#last;
  }
}

/** Has no use for when they expire. */
export class DropsTheExpiry extends PullCredentialMutant {
  override async current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    return (await this.inner.current(signal)).map(({ expiresAt: _, ...rest }) => rest);
  }
}

/** Keeps nothing. */
export class ForgetsOnRestart extends PullCredentialMutant {
  protected override keeps(): boolean {
    return false;
  }
}

/** Thinks that it knows better than a registry. */
export class HearsNoRefusal extends PullCredentialMutant {
  override async refused(): Promise<void> {
    await this.inner.current();
  }
}

/** Asks for new ones whatever was refused. */
export class BelievesEveryRefusal extends PullCredentialMutant {
  override async refused(): Promise<void> {
    for (const each of await this.inner.current()) await this.inner.refused(each);
  }
}

/** Leaves it to who asks what to do without. */
export class ThrowsWhereThereIsNone extends PullCredentialMutant {
  override async current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const found = await this.inner.current(signal);
    if (found.length === 0) throw new Error('there is none');
    return found;
  }
}

/** Has nothing to tell. */
export class TellsNobody extends PullCredentialMutant {
  override async *changes(signal: AbortSignal): AsyncGenerator<readonly string[]> {
    for await (const registries of this.inner.changes(signal)) if (registries.length > 99) yield registries;
  }
}

/** Tells by name who pulls, where the registry is asked for. */
export class TellsTheUsers extends PullCredentialMutant {
  override async *changes(signal: AbortSignal): AsyncGenerator<readonly string[]> {
    for await (const _ of this.inner.changes(signal)) {
      yield (await this.inner.current()).map(({ username }) => username);
    }
  }
}

/** Does not know when to end. */
export class OutlivesStop extends PullCredentialMutant {
  override async *changes(signal: AbortSignal): AsyncGenerator<readonly string[]> {
    yield* this.inner.changes(signal);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}

/** Goes on whoever has gone. */
export class IgnoresAborts extends PullCredentialMutant {
  override current(): Promise<readonly PullCredential[]> {
    return this.inner.current();
  }
}

/** Takes the log for a safe place. */
export class LogsThePassword extends PullCredentialMutant {
  override async current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const found = await this.inner.current(signal);
    this.given.log.debug('given', { found });
    return found;
  }
}

/** Leaves a copy where everybody finds it. */
export class KeepsItInTheOpen extends PullCredentialMutant {
  override async current(signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const found = await this.inner.current(signal);
    await mkdir(this.given.dataDir, { recursive: true });
    await writeFile(join(this.given.dataDir, 'copy.json'), JSON.stringify(found), { mode: 0o644 });
    return found;
  }
}

export function subjects(mutant: new (given: Given) => PullCredentialMutant): MakeSubject<PullCredentialsUnderTest> {
  return handedSubjectsOf(
    defineProvider({
      port: PullCredentials,
      type: 'pull-credentials.mutant',
      version: '1.0.0',
      config: z.strictObject({}),
      uses: { fleet: FleetManager },
      create: (given: Given) => new mutant(given),
    }),
  );
}
