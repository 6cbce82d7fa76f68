import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream';
import { childOf, type Daemon, startDaemon } from '../daemon.js';
import { type Finished, must, type RunOptions, run, tool } from '../tools.js';

/**
 * A machine within the machine: network, mounts and processes are its own, and all of them end with its first process,
 * by the kernel's hand, however the test ended. So a node leaves no iptables chain, bridge or mount behind, and several
 * can run beside each other.
 */
export interface Machine {
  /** Its address, and that of the test's side of the cable. */
  readonly address: string;
  readonly gateway: string;
  /** Name of the control group below which all of its containers are to lie. */
  readonly group: string;
  /** CIDR of addresses that are routed to it; nobody else on this machine has them. */
  readonly subnet: (index: number) => string;
  /** Runs a program inside it. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
  start(command: string, args: readonly string[], ready: () => Promise<boolean>): Promise<Daemon>;
  /** Lets what runs in it reach a port of the test's loopback interface by the same address, 127.0.0.1. */
  forward(port: number): Promise<void>;
  stop(): Promise<void>;
}

/** Directories of the machine's own, which outlive a restart of what runs on it. */
export interface MachineFolders {
  readonly lib: string;
  readonly log: string;
  /** Name of the control group below which all of its containers are to lie. */
  readonly group: string;
}

/** It has its own /run, too, for sockets and locks. What is orphaned, the shell reaps. */
const firstProcess = `
set -e
mount -t tmpfs tmpfs /run
mount --bind "$0" /var/lib
mount --bind "$1" /var/log
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then hierarchies=/sys/fs/cgroup/; else hierarchies=$(echo /sys/fs/cgroup/*/); fi
for hierarchy in $hierarchies; do
  mkdir "$hierarchy$2"
  # In a new group of this one nothing may run before it is told where.
  for limit in cpuset.cpus cpuset.mems; do
    if [ -e "$hierarchy$limit" ]; then cat "$hierarchy$limit" >"$hierarchy$2/$limit"; fi
  done
done
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
echo up
sleep infinity &
wait`;

export async function startMachine({ lib, log, group }: MachineFolders): Promise<Machine> {
  const network = freeNetwork();
  const [gateway, address] = [`${network}.0.1`, `${network}.0.2`];
  const namespaces = ['--net', '--mount', '--pid', '--mount-proc'];
  const first = await startDaemon(
    tool('setpriv'),
    // Should the test die, this ends by the first, and all else by the second.
    [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...namespaces,
      '--fork',
      '--kill-child',
      'bash',
      '-c',
      firstProcess,
      lib,
      log,
      group,
    ],
    { ready: async (output) => output.includes('up\n'), inner: true },
  );
  try {
    const pid = childOf(first.pid);
    if (pid === undefined) throw new Error('the first process of the node has ended');
    const enter = ['--target', String(pid), '--net', '--mount', '--pid', '--'];
    const inside = (command: string, args: readonly string[], options?: RunOptions): Promise<Finished> =>
      run(tool('nsenter'), [...enter, command, ...args], options);
    const mustInside = (command: string, args: readonly string[]): Promise<string> =>
      must(tool('nsenter'), [...enter, tool(command), ...args]);
    await connect(network, pid, { gateway, address });
    const forwards: Server[] = [];
    return {
      address,
      gateway,
      group,
      subnet: (index) => `${network}.${index}.0/24`,
      run: inside,
      start: (command, args, ready) =>
        startDaemon(tool('nsenter'), [...enter, command, ...args], { ready, inner: true, deadline: 120_000 }),
      async forward(port) {
        const server = await relay(gateway, port);
        forwards.push(server);
        const there = `${gateway}:${(server.address() as AddressInfo).port}`;
        const nat = (...args: readonly string[]) => mustInside('iptables', ['--table', 'nat', ...args]);
        const packets = ['--protocol', 'tcp', '--destination', '127.0.0.1', '--dport', String(port)];
        await nat('--insert', 'OUTPUT', ...packets, '--jump', 'DNAT', '--to-destination', there);
        await nat('--insert', 'POSTROUTING', '--source', '127.0.0.1', '--destination', gateway, '--jump', 'MASQUERADE');
      },
      async stop() {
        for (const server of forwards) server.close();
        await first.kill();
      },
    };
  } catch (error) {
    await first.kill();
    throw error;
  }
}

/** Carries connections to an address on to the same port of the loopback interface. */
async function relay(address: string, port: number): Promise<Server> {
  const server = createServer((incoming) => {
    const outgoing = createConnection(port, '127.0.0.1');
    // What breaks on one side, the other side learns of.
    pipeline(incoming, outgoing, () => incoming.destroy());
    pipeline(outgoing, incoming, () => outgoing.destroy());
  }).listen(0, address);
  await once(server, 'listening');
  return server;
}

/** A cable whose other end is in the namespace of a process; it goes with that. */
async function connect(network: string, pid: number, { gateway, address }: Record<'gateway' | 'address', string>) {
  const ip = (...args: readonly string[]) => must(tool('ip'), args);
  const cable = `node-${network.replace('.', '-')}`;
  await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  await ip('address', 'add', `${gateway}/30`, 'dev', cable);
  await ip('link', 'set', cable, 'up');
  const inside = (...args: readonly string[]) =>
    must(tool('nsenter'), ['--target', String(pid), '--net', '--', tool('ip'), ...args]);
  await inside('address', 'add', `${address}/30`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'add', 'default', 'via', gateway);
  await ip('route', 'add', `${network}.0.0/16`, 'via', address);
}

/** Two octets that no interface of this machine has; engines of Docker take theirs below 10.192. */
function freeNetwork(): string {
  const used = new Set(
    Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).map(({ address }) => address.split('.').slice(0, 2).join('.')),
    ),
  );
  const free = Array.from({ length: 60 }, (_, index) => `10.${192 + index}`).filter((network) => !used.has(network));
  const chosen = free[Math.floor(Math.random() * free.length)];
  if (chosen === undefined) throw new Error('no free network for the node of a cluster');
  return chosen;
}
