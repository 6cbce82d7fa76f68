import { closest, distance } from 'fastest-levenshtein';

/**
 * The candidate that somebody who wrote `word` most likely meant; `undefined` when none is near enough to be a help.
 * A last segment alone finds its namespaced name (`sqlite` -> `state.sqlite`).
 */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  if (word === '' || candidates.length === 0) return undefined;
  const [only, ...others] = candidates.filter((candidate) => candidate.endsWith(`.${word}`));
  if (only !== undefined && others.length === 0) return only;
  const lower = word.toLowerCase();
  const nearest = closest(lower, [...candidates]);
  // Two edits are a transposition; of a word of two letters they leave nothing.
  const allowed = Math.max(word.length > 2 ? 2 : 1, Math.floor(Math.max(word.length, nearest.length) / 3));
  return distance(lower, nearest.toLowerCase()) <= allowed ? nearest : undefined;
}
