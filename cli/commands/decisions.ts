/** What an operator may decide about a device, and how it is told afterwards. */
export const decisions = { approve: 'approved', reject: 'rejected', revoke: 'revoked' } as const;
export type Decision = keyof typeof decisions;
