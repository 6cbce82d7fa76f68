import type { Definition } from '../../core/plugin/index.js';
import { FleetManagerFault, type PullCredential } from '../../core/ports/index.js';
import { type MakeSubject, type PullCredentialsUnderTest, pullCredentialSubjects } from '../../core/testing/index.js';
import pullCredentialsWfm from '../../providers/pull-credentials/wfm/index.js';
import { FakeFleetManager } from '../agent/fake-fleet-manager.js';

/** A fleet manager that hands over what it is told to. */
class HandingFleet extends FakeFleetManager {
  handed: readonly PullCredential[] = [];
  isAway = false;

  async pullCredentials(): Promise<readonly PullCredential[]> {
    if (this.isAway) throw new FleetManagerFault('unreachable', 'nobody answers');
    return this.handed;
  }
}

/** @param definition `pull-credentials.wfm`, however its instances are made */
export function handedSubjectsOf(definition: Definition): MakeSubject<PullCredentialsUnderTest> {
  return pullCredentialSubjects(definition, {
    async side() {
      const fleet = new HandingFleet();
      return {
        uses: { fleet },
        side: {
          async hand(credentials) {
            fleet.handed = credentials;
          },
          async breakDown() {
            fleet.isAway = true;
            return async () => {
              fleet.isAway = false;
            };
          },
        },
        close: async () => undefined,
      };
    },
  });
}

export const handedSubjects = handedSubjectsOf(pullCredentialsWfm);
