import { setFlagsFromString } from 'node:v8';

/**
 * How much faster than needed V8 makes room for young objects. It reads this whenever it would make more. Starting makes
 * many that live long, from which it would conclude that it needs 16 MB for ever; an idle host then never uses them.
 */
const growth = (factor: 1 | 2): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`);

/** Until the host is ready. */
export const startSmall = (): void => growth(1);

/** As V8 has it by itself: a host with much to do gets what it needs. */
export const growWithLoad = (): void => growth(2);
