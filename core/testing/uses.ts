/**
 * What a definition uses, by the names of its `uses`: the things themselves, or what makes fresh ones for each case.
 *
 * @stable since 0.1.0
 */
export type GivenUses = Readonly<Record<string, unknown>> | (() => Promise<MadeUses> | MadeUses);

/**
 * Things made for one case.
 *
 * @stable since 0.1.0
 */
export interface MadeUses {
  readonly uses: Readonly<Record<string, unknown>>;
  /** Called when the case is over. */
  dispose?(): Promise<void>;
}

/** What one case uses. */
export async function usesOf(given: GivenUses = {}): Promise<MadeUses> {
  return typeof given === 'function' ? given() : { uses: given };
}
