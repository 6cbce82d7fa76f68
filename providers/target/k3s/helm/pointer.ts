/** A step into values: the name of a member, or the place in a list. */
export type Step = string | number;

/**
 * A values path as Helm's `--set` writes it: `image.tag`, `servers[0].port`, `nodeSelector.kubernetes\.io/arch`. A
 * backslash takes the next character as it is; brackets, commas and equals signs are parts of a name only with one.
 */
export const pointerPattern =
  /^(?:[^.[\]\\,=]|\\[\s\S])+(?:\[\d{1,5}\])*(?:\.(?:[^.[\]\\,=]|\\[\s\S])+(?:\[\d{1,5}\])*)*$/;

/** As Helm has it (strvals, MaxIndex). */
const mostIndex = 65_536;

/** @returns nothing where it is no values path */
export function parsePointer(pointer: string): readonly Step[] | undefined {
  if (!pointerPattern.test(pointer)) return undefined;
  const steps: Step[] = [];
  // Either a place in a list, or a name up to whatever ends it.
  for (const [, index, name] of pointer.matchAll(/\[(\d{1,5})\]|((?:[^.[\]\\,=]|\\[\s\S])+)/g)) {
    if (index !== undefined) steps.push(Number(index));
    else steps.push((name ?? '').replace(/\\([\s\S])/g, '$1'));
  }
  return steps.some((step) => typeof step === 'number' && step > mostIndex) ? undefined : steps;
}

/** The way back: how `--set` would write it. */
export function formatPointer(steps: readonly Step[]): string {
  return steps
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`;
      return `${at === 0 ? '' : '.'}${step.replace(/[.[\]\\,=]/g, '\\$&')}`;
    })
    .join('');
}
