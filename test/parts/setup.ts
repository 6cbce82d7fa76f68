import { install } from './install.js';
import { partNames } from './requirements.js';
import { reclaimOrphans } from './workspace.js';

/** Once before the integration tests: the machine is tidy and has the parts that it can have. */
export default async function setup(): Promise<void> {
  await reclaimOrphans();
  try {
    await install(partNames, (line) => console.log(line));
  } catch (error) {
    // The suites that need the part tell so, one by one; the others run.
    console.error('parts: the installation failed:', error);
  }
}
