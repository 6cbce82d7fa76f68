import { slotNames } from '../../core/profile/index.js';
import { entryShapes, profileShape } from '../../core/profile/schema.js';
import { fieldsOf } from './fields.js';
import { code, page, settings } from './text.js';

/** All that a profile may say and no plugin decides. */
export function profilePage(): string {
  const top = fieldsOf(profileShape, 'input');
  const isSlot = (name: string): boolean => slotNames.some((slot) => slot === name);
  return page(
    'Profile',
    'Every key of a profile. How to write one: [profiles](../profiles.md). Durations are `500ms`, `10s` or `2m`.',
    settings(top.filter(({ name }) => !isSlot(name))),
    'Below each of the four headings stand entries, each under a name of its own.',
    ...slotNames.flatMap((slot) => [
      `## An entry of ${code(`${slot}:`)}`,
      `Types: [${slot}](${slot}.md).`,
      settings(fieldsOf(entryShapes[slot], 'input')),
    ]),
  );
}
