export type PluginFaultCode =
  | 'plugin-not-found'
  | 'plugin-import'
  | 'plugin-timeout'
  | 'plugin-export'
  | 'plugin-intrinsics'
  | 'plugin-integrity'
  | 'plugin-unpinnable';

/** A plugin could not be loaded. The code is stable, the message is for a person. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';
  constructor(
    readonly code: PluginFaultCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
