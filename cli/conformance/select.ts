import { didYouMean } from '../../core/plugin/suggest.js';
import { defaultLevels, type KitLevel, kitLevels } from '../../core/testing/kit-options.js';
import { invalid } from '../failure.js';
import type { PlannedCase } from './protocol.js';

export interface Selection {
  readonly level?: readonly KitLevel[];
  /** The name of a case, or a part of it. */
  readonly case?: string;
}

/**
 * The cases that were asked for: of these levels; with a text, those of any level that are called so, or else contain it.
 *
 * @throws CommandFailure when there are none
 */
export function selectCases(cases: readonly PlannedCase[], { level, case: text }: Selection): readonly PlannedCase[] {
  const levels = level ?? (text === undefined ? defaultLevels : kitLevels);
  const ofLevels = cases.filter((each) => levels.includes(each.level));
  const called = ofLevels.filter(({ name }) => name === text);
  const containing = ofLevels.filter(({ name }) => text === undefined || name.includes(text));
  const selected = called.length > 0 ? called : containing;
  if (selected.length > 0) return selected;
  if (text === undefined) throw invalid(`there is no case of level ${levels.join(' or ')}`, 'see them all with --list');
  const nearest = didYouMean(
    text,
    ofLevels.map(({ name }) => name),
  );
  throw invalid(
    `no case is called "${text}"`,
    nearest === undefined ? 'see them all with --list' : `did you mean "${nearest}"?`,
  );
}
