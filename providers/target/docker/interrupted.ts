import type { Engine } from './engine.js';
import { composeLabels } from './project.js';

/** How Compose names the new container while it replaces an old one: the old one's short id before the name. */
const interim = /^\/[0-9a-f]{12}_(.+)$/;

/**
 * Ends what a Compose killed in the middle of replacing a container left behind; it does not get over that by itself: the
 * next `up` fails because the interim name is taken. The new container goes where the old one is still there, and gets
 * its name, with its volumes, where the old one is gone.
 */
export async function endInterruptedReplacements(engine: Engine, project: string): Promise<void> {
  await engine.call(async (client) => {
    const filters = { label: [`${composeLabels.project}=${project}`] };
    const found = await client.listContainers({ all: true, filters });
    const taken = new Set(found.flatMap(({ Names }) => Names));
    for (const { Id, Names } of found) {
      const name = Names.map((one) => interim.exec(one)?.[1]).find((one) => one !== undefined);
      if (name === undefined) continue;
      const container = client.getContainer(Id);
      if (taken.has(`/${name}`)) await container.remove({ force: true });
      else {
        await container.rename({ name });
        taken.add(`/${name}`);
      }
    }
  });
}
