import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, createAuthority, type Subject, signingKeys } from '../certificate.js';

/** The files with which the processes of one cluster know each other. */
export interface Credentials {
  /** Paths. */
  readonly ca: string;
  readonly apiServer: Files;
  readonly kubelet: Files;
  /** What etcd and its only client, the API server, trust; an authority of their own. */
  readonly etcd: { readonly ca: string; readonly server: Files; readonly client: Files };
  /** Keys that sign and check the tokens of service accounts. */
  readonly tokens: { readonly key: string; readonly publicKey: string };
  /** The path of a new kubeconfig of a user that the cluster's authority vouches for. */
  kubeconfig(user: Subject): Promise<string>;
}

/** Paths of a certificate and its key. */
export interface Files {
  readonly certificate: string;
  readonly key: string;
}

export interface Addresses {
  /** `https://address:port` of the API server. */
  readonly server: string;
  /** All addresses at which it is spoken to. */
  readonly hosts: readonly string[];
  /** Those of the kubelet. */
  readonly nodeHosts: readonly string[];
}

export async function createCredentials(directory: string, addresses: Addresses): Promise<Credentials> {
  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const issue = async (authority: Authority, file: string, subject: Subject): Promise<Files> => {
    const { certificate, key } = await authority.issue(subject);
    return { certificate: write(`${file}.crt`, certificate), key: write(`${file}.key`, key) };
  };
  const [authority, etcd, tokens] = await Promise.all([createAuthority(), createAuthority(), signingKeys()]);
  return {
    ca: write('ca.crt', authority.ca),
    apiServer: await issue(authority, 'apiserver', {
      name: 'kube-apiserver',
      // It calls kubelets as one of the cluster's masters.
      organizations: ['system:masters'],
      hosts: addresses.hosts,
    }),
    kubelet: await issue(authority, 'kubelet', { name: 'kubelet', hosts: addresses.nodeHosts }),
    etcd: {
      ca: write('etcd-ca.crt', etcd.ca),
      server: await issue(etcd, 'etcd', { name: 'etcd', hosts: ['127.0.0.1'] }),
      client: await issue(etcd, 'etcd-client', { name: 'kube-apiserver' }),
    },
    tokens: { key: write('tokens.key', tokens.key), publicKey: write('tokens.pub', tokens.publicKey) },
    async kubeconfig(user) {
      const { certificate, key } = await authority.issue(user);
      const base64 = (text: string): string => Buffer.from(text).toString('base64');
      const cluster = { server: addresses.server, 'certificate-authority-data': base64(authority.ca) };
      const credentials = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster }],
        users: [{ name: user.name, user: credentials }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
        'current-context': 'test',
      };
      // JSON is YAML.
      return write(`${user.name.replace(/[^\w.-]/g, '-')}.kubeconfig`, JSON.stringify(config, undefined, 2));
    },
  };
}
