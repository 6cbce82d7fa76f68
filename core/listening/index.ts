/** How servers listen and speak TLS, whatever their protocol. */
export * from './config.js';
export * from './ending.js';
export * from './listen.js';
export * from './tls.js';
