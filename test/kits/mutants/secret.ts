import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Context,
  defineProvider,
  type Logger,
  SecretFault,
  SecretProvider,
  z,
} from '../../../core/plugin/index.js';
import { type MakeSubject, type SecretUnderTest, secretSubjects } from '../../../core/testing/index.js';
import { SecretFiles } from '../../../providers/secret/file/files.js';
import { secretDirectory } from '../secret-files.js';

/** A provider that works, for mutants to break in one place. */
export class SecretMutant implements SecretProvider {
  protected readonly inner: SecretFiles;

  constructor(
    protected readonly directory: string,
    protected readonly log: Logger,
  ) {
    this.inner = new SecretFiles(directory, false);
  }

  get(name: string, signal?: AbortSignal): Promise<string> {
    return this.inner.get(name, signal);
  }
}

/** Never asks for the same name again. */
export class CachesForever extends SecretMutant {
  readonly #known = new Map<string, string>();
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    const value = this.#known.get(name) ?? (await this.inner.get(name, signal));
    this.#known.set(name, value);
    return value;
  }
}

/** Takes every line break for one of the end. */
export class StripsLineBreaks extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    return (await this.inner.get(name, signal)).replaceAll(/\r?\n/g, '');
  }
}

/** Tidies up at both ends. */
export class Trims extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    return (await this.inner.get(name, signal)).trim();
  }
}

/** Makes a path of whatever it is given. */
export class FollowsPaths extends SecretMutant {
  override async get(name: string): Promise<string> {
    try {
      return await readFile(join(this.directory, name), 'utf8');
    } catch (cause) {
      throw new SecretFault('not-found', `there is no ${name}`, { cause });
    }
  }
}

/** Shows what it does not like. */
export class TellsTheValue extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    try {
      return await this.inner.get(name, signal);
    } catch (error) {
      const value = await readFile(join(this.directory, name), 'utf8').catch(() => '');
      throw error instanceof SecretFault ? new SecretFault(error.reason, `${error.message}: ${value}`) : error;
    }
  }
}

/** Lists what it has for who asks for what it has not. */
export class TellsOfOthers extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    return this.inner.get(name, signal).catch(async (error: unknown) => {
      if (!(error instanceof SecretFault) || error.reason !== 'not-found') throw error;
      const value = await readFile(join(this.directory, 'kit-token'), 'utf8').catch(() => '');
      throw new SecretFault('not-found', `there is no ${name}, but ${value}`);
    });
  }
}

/** Knows better than a store that is away. */
export class ServesWhatItKnew extends SecretMutant {
  readonly #known = new Map<string, string>();
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    try {
      const value = await this.inner.get(name, signal);
      this.#known.set(name, value);
      return value;
    } catch (error) {
      const known = error instanceof SecretFault && error.reason === 'unreachable' ? this.#known.get(name) : undefined;
      if (known === undefined) throw error;
      return known;
    }
  }
}

/** Was never tidied up after somebody looked for a fault. */
export class PrintsTheValue extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    const value = await this.inner.get(name, signal);
    // Once is enough to be caught, and leaves the output of the tests legible.
    if (name === 'kit/password') console.debug('read', { name, value });
    return value;
  }
}

/** Takes the log for a safe place. */
export class LogsTheValue extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    const value = await this.inner.get(name, signal);
    this.log.debug('read', { name, value });
    return value;
  }
}

/** Lets the errors of its platform through. */
export class ThrowsWhatItGets extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    return this.inner.get(name, signal).catch((error: Error) => {
      throw error instanceof SecretFault ? (error.cause ?? error) : error;
    });
  }
}

/** Has nothing to say of what is not there. */
export class AnswersNothing extends SecretMutant {
  override async get(name: string, signal?: AbortSignal): Promise<string> {
    return this.inner.get(name, signal).catch((error: unknown) => {
      if (error instanceof SecretFault && error.reason === 'not-found') return '';
      throw error;
    });
  }
}

/** Goes on whoever has gone. */
export class IgnoresAborts extends SecretMutant {
  override get(name: string): Promise<string> {
    return this.inner.get(name);
  }
}

/** Gives who asks at the same time the same. */
export class MixesCallers extends SecretMutant {
  #underWay: Promise<string> | undefined;
  override get(name: string, signal?: AbortSignal): Promise<string> {
    this.#underWay ??= this.inner.get(name, signal).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }
}

export function subjects(mutant: new (directory: string, log: Logger) => SecretMutant): MakeSubject<SecretUnderTest> {
  const definition = defineProvider({
    port: SecretProvider,
    type: 'secret.mutant',
    version: '1.0.0',
    config: z.strictObject({}),
    create: ({ dataDir, log }: Pick<Context<object, Record<never, never>>, 'dataDir' | 'log'>) =>
      new mutant(join(dataDir, 'secrets'), log),
  });
  return secretSubjects(definition, { store: (dataDir) => secretDirectory(join(dataDir, 'secrets')) });
}
