/**
 * The forms that a document may have on the wire, by the age of the specification: D1 is PR1, D2 is early rc.2 and the
 * sandbox until 2026, D3 is late rc.2 and rc.3. All are read; a device is answered in the form that it speaks.
 */
export type Form = 'D1' | 'D2' | 'D3';

/** The forms of the signed dialect. */
export type SignedForm = 'D1' | 'D2';
