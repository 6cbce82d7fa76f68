import { credentialSubjects } from '../../core/testing/index.js';
import credentialsHarbor from '../../providers/credentials/harbor/index.js';
import { HarborStandIn, type Meddler } from './stand-in.js';

/** `credentials.harbor` with a stand-in for Harbor, into whose rooms the kit looks. */
export const harborAccounts = credentialSubjects(credentialsHarbor, {
  async side() {
    const harbor = await HarborStandIn.start();
    const { rooms } = harbor;
    rooms.addProject('apps');
    const may = (username: string, password: string, action: string): boolean => {
      const pair = Buffer.from(`${username}:${password}`).toString('base64');
      return rooms.userOf(`Basic ${pair}`)?.may('apps', action) ?? false;
    };
    const meddled = async (meddler: Meddler) => {
      harbor.meddle = meddler;
      return async () => {
        harbor.meddle = () => false;
      };
    };
    return {
      config: { url: harbor.url, ...rooms.admin, project: 'apps' },
      side: {
        pulls: async ({ username, password }) => may(username, password, 'pull'),
        pushes: async ({ username, password }) => may(username, password, 'push'),
        accounts: async () => [...rooms.robots.values()].map(({ name }) => name),
        async addForeign(holder) {
          for (const name of [holder, `other-${holder}`]) rooms.addRobot('apps', name, ['pull', 'push'], -1);
        },
        breakDown: () =>
          meddled((_, response) => {
            response.destroy();
            return true;
          }),
        deny: () =>
          meddled((_, response) => {
            response.writeHead(403).end('{"errors":[{"code":"FORBIDDEN","message":"no"}]}');
            return true;
          }),
      },
      async close() {
        await harbor.stop();
        if (harbor.violations.length > 0) throw new Error(harbor.violations.join('\n'));
      },
    };
  },
});
