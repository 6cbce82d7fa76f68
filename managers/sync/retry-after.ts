/** The longest that a fleet manager can have us wait, milliseconds: a slip in its Retry-After must not silence a device. */
export const longestAsked = 3_600_000;
