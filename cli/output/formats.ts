/** What `-o` takes. */
export const formats = ['table', 'wide', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];
