import { silentLogger } from '../../core/testing/index.js';
import { SqliteState } from '../../providers/state/sqlite/index.js';
import { addDevice, addPackage, description, startWfm } from './wfm.js';

/** Changes deployments without end, until it is killed. Prints a line once it is at work. */
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
console.log('at work');
const { instances } = wfm;
const one = async (clientId: string): Promise<void> => {
  for (let round = 0; ; round++) {
    const { id } = await instances.create({ name: `n${round}`, packageId: 'p1', device: { id: clientId } });
    await instances.update(id, { packageId: 'p2' });
    await instances.report(clientId, { deploymentId: id, state: 'installed', components: [] });
    const present = await instances.list({ clientId });
    if (present.total > 5) for (const { id: old } of present.items.slice(0, 4)) await instances.delete(old, true);
  }
};
await Promise.all(devices.map(({ id }) => one(id)));
