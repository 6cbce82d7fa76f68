import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../core/testing/index.js';
import { SqliteState } from '../../providers/state/sqlite/index.js';
import { addDevice, addPackage, description, startWfm } from './wfm.js';

/** Changes deployments without end, until it is killed. Prints a line once it has changed something of every device. */
const [, , dataDir = ''] = process.argv;
const state = new SqliteState({ file: `${dataDir}/state.db`, maxBytes: undefined }, silentLogger());
state.start();
const wfm = await startWfm({ state, dataDir });
const { items } = await wfm.devices.list({});
const devices = items.length > 0 ? items : [await addDevice(wfm, 'a'), await addDevice(wfm, 'b')];
if (items.length === 0) {
  await addPackage(state, 'p1');
  await addPackage(state, 'p2', description('2.0.0'));
}
const { instances } = wfm;
// What an earlier process left has names of its own.
const run = randomUUID();
const create = (clientId: string, name: string) =>
  instances.create({ name: `${name}-${run}`, packageId: 'p1', device: { id: clientId } });
for (const { id } of devices) await create(id, 'first');
console.log('at work');
const one = async (clientId: string): Promise<void> => {
  for (let round = 0; ; round++) {
    const { id } = await create(clientId, `n${round}`);
    await instances.update(id, { packageId: 'p2' });
    await instances.report(clientId, { deploymentId: id, state: 'installed', components: [] });
    const present = await instances.list({ clientId });
    if (present.total > 5) for (const { id: old } of present.items.slice(0, 4)) await instances.delete(old, true);
  }
};
await Promise.all(devices.map(({ id }) => one(id)));
