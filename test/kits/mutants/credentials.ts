import {
  type Context,
  CredentialFault,
  CredentialIssuer,
  defineProvider,
  type PullCredential,
  ref,
  z,
} from '../../../core/plugin/index.js';
import { type CredentialsUnderTest, credentialSubjects, type MakeSubject } from '../../../core/testing/index.js';

/** A registry in memory. */
class Book {
  readonly accounts = new Map<string, { password: string; readonly pushes?: boolean }>();
  trouble: CredentialFault['reason'] | undefined;
  passwords = 0;

  answer(): void {
    if (this.trouble) throw new CredentialFault(this.trouble, 'the registry gives no answer that helps');
  }
  newPassword(): string {
    this.passwords++;
    return `walrus-${this.passwords} nobody shall read ${this.passwords}`;
  }
}

const BookRef = ref<Book>('kit.book');
type Given = Pick<Context<object, { book: typeof BookRef }>, 'uses' | 'log'>;

/** A provider that works, for mutants to break in one place. */
export class CredentialMutant implements CredentialIssuer {
  constructor(protected readonly given: Given) {}

  protected get book(): Book {
    return this.given.uses.book;
  }
  protected nameOf(holder: string): string {
    if (holder.length > 100 || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(holder))
      throw new CredentialFault('invalid', 'no account can be called that');
    return `tutti-${holder}`;
  }
  async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    signal?.throwIfAborted();
    const username = this.nameOf(holder);
    this.book.answer();
    const password = this.book.newPassword();
    this.book.accounts.set(username, { password });
    return [{ registry: 'registry.test:5000', username, password }];
  }
  async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const username = this.nameOf(holder);
    this.book.answer();
    this.book.accounts.delete(username);
  }
}

/** Makes one account for everybody whose name begins alike. */
export class SharesAccounts extends CredentialMutant {
  protected override nameOf(holder: string): string {
    return super.nameOf(holder).slice(0, 9);
  }
}

/** Takes any name. */
export class TakesEveryHolder extends CredentialMutant {
  protected override nameOf(holder: string): string {
    return `tutti-${holder}`;
  }
}

/** Gives rights that nobody needs. */
export class LetsThemPush extends CredentialMutant {
  override async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const issued = await super.issue(holder, signal);
    for (const { username, password } of issued) this.book.accounts.set(username, { password, pushes: true });
    return issued;
  }
}

/** Ends all whose names begin like it. */
export class RevokesByPrefix extends CredentialMutant {
  override async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    await super.revoke(holder, signal);
    for (const name of this.book.accounts.keys()) {
      if (name.startsWith(this.nameOf(holder))) this.book.accounts.delete(name);
    }
  }
}

/** Ends what is called like it, whoever made it. */
export class EndsAccountsOfOthers extends CredentialMutant {
  override async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    await super.revoke(holder, signal);
    this.book.accounts.delete(holder);
  }
}

/** Only says so. */
export class RevokesNothing extends CredentialMutant {
  override async revoke(holder: string): Promise<void> {
    this.nameOf(holder);
    this.book.answer();
  }
}

/** Remembers a password that only the registry should know. */
export class TellsItTwice extends CredentialMutant {
  readonly #told = new Map<string, readonly PullCredential[]>();
  override async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const told = this.#told.get(holder) ?? (await super.issue(holder, signal));
    this.#told.set(holder, told);
    return told;
  }
}

/** Leaves the account before where it was. */
export class PilesUpAccounts extends CredentialMutant {
  protected override nameOf(holder: string): string {
    return `${super.nameOf(holder)}-${this.book.passwords}`;
  }
}

/** Has a fault for what is gone already. */
export class MissesWhatIsGone extends CredentialMutant {
  override async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    const name = this.nameOf(holder);
    if (!this.book.accounts.has(name)) throw new CredentialFault('invalid', 'there is no such account');
    await super.revoke(holder, signal);
  }
}

/** Takes every trouble for the same. */
export class TakesDeniedForAway extends CredentialMutant {
  override async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    return super.issue(holder, signal).catch((error: unknown) => {
      if (!(error instanceof CredentialFault) || error.reason !== 'denied') throw error;
      throw new CredentialFault('unreachable', error.message);
    });
  }
}

/** Shows what it has when it has trouble. */
export class TellsItInFaults extends CredentialMutant {
  override async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    return super.revoke(holder, signal).catch((error: unknown) => {
      if (!(error instanceof CredentialFault)) throw error;
      throw new CredentialFault(error.reason, `${error.message}: ${JSON.stringify([...this.book.accounts])}`);
    });
  }
}

/** Goes on whoever has gone. */
export class IgnoresAborts extends CredentialMutant {
  override issue(holder: string): Promise<readonly PullCredential[]> {
    return super.issue(holder);
  }
}

/** Takes the log for a safe place. */
export class LogsThePassword extends CredentialMutant {
  override async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const issued = await super.issue(holder, signal);
    this.given.log.info('made an account', { issued });
    return issued;
  }
}

export function subjects(mutant: new (given: Given) => CredentialMutant): MakeSubject<CredentialsUnderTest> {
  const definition = defineProvider({
    port: CredentialIssuer,
    type: 'credentials.mutant',
    version: '1.0.0',
    config: z.strictObject({}),
    uses: { book: BookRef },
    create: (given: Given) => new mutant(given),
  });
  return credentialSubjects(definition, {
    async side() {
      const book = new Book();
      const troubled = async (reason: CredentialFault['reason']) => {
        book.trouble = reason;
        return async () => {
          book.trouble = undefined;
        };
      };
      return {
        uses: { book },
        side: {
          pulls: async ({ username, password }) => book.accounts.get(username)?.password === password,
          pushes: async ({ username }) => book.accounts.get(username)?.pushes === true,
          accounts: async () => [...book.accounts.keys()],
          async addForeign(holder) {
            book.accounts.set(holder, { password: book.newPassword() });
          },
          breakDown: () => troubled('unreachable'),
          deny: () => troubled('denied'),
        },
        close: async () => undefined,
      };
    },
  });
}
