/** An item that a crew has taken, which nobody else has meanwhile. */
export interface TakenItem {
  readonly id: string;
  /** Frozen. */
  readonly payload: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts when another may have it. */
  readonly lost: AbortSignal;
  /** It is done; to be forgotten. Never rejects: what cannot be told is found out by who keeps the items. */
  done(): Promise<void>;
  /** It has failed, for the reason that is given; whether it is tried again is the source's affair. Never rejects. */
  failed(reason: string): Promise<void>;
  /** It was not finished, and that was no failure. Never rejects. */
  giveBack(): Promise<void>;
}

/** Where items come from. */
export interface Source {
  /**
   * The next item; or in how many milliseconds there may be one; or `undefined` where the crew will be woken.
   * Rejects when it cannot be asked.
   */
  take(): Promise<TakenItem | number | undefined>;
}
