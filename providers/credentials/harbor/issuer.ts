import {
  CredentialFault,
  type CredentialIssuer,
  type PullCredential,
  RegistryFault,
} from '../../../core/ports/index.js';
import type { Robots } from '../../shared/harbor/index.js';
import type { Endpoint } from '../../shared/oci/index.js';

export interface HarborCredentialsParts {
  readonly robots: Robots;
  readonly endpoint: Pick<Endpoint, 'host'>;
  /** Of the names of the accounts. */
  readonly prefix: string;
}

const holderForm = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** A robot account for each holder. */
export class HarborCredentials implements CredentialIssuer {
  constructor(private readonly parts: HarborCredentialsParts) {}

  async issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]> {
    const { robots, endpoint } = this.parts;
    const { username, password, expiresAt } = await this.#asked(holder, signal, (name, call) =>
      robots.issue(name, call),
    );
    return [{ registry: endpoint.host, username, password, ...(expiresAt !== undefined && { expiresAt }) }];
  }

  async revoke(holder: string, signal?: AbortSignal): Promise<void> {
    await this.#asked(holder, signal, (name, call) => this.parts.robots.revoke(name, call));
  }

  async #asked<T>(
    holder: string,
    signal: AbortSignal | undefined,
    work: (name: string, call: Parameters<Robots['issue']>[1]) => Promise<T>,
  ): Promise<T> {
    if (holder.length > 100 || !holderForm.test(holder))
      throw new CredentialFault(
        'invalid',
        `no account in Harbor can be called ${JSON.stringify(holder.slice(0, 200))}`,
      );
    try {
      return await work(`${this.parts.prefix}-${holder}`, signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof RegistryFault)) throw error;
      throw new CredentialFault(reasonOf(error), error.message, { cause: error });
    }
  }
}

function reasonOf({ reason }: RegistryFault): CredentialFault['reason'] {
  if (reason === 'unreachable') return 'unreachable';
  return reason === 'denied' ? 'denied' : 'invalid';
}
