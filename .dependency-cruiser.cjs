/** Who may know whom: the rule of the house, checked by `npm run house`. Tests may know more than what they test. */
const test = '\\.test\\.ts$';
const rooms = ['managers', 'providers', 'vendors', 'plugins', 'cli', 'test', 'bench'];
const outside = (...allowed) => `^(${rooms.filter((room) => !allowed.includes(room)).join('|')})/`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'core-knows-nobody', severity: 'error', from: { path: '^core/', pathNot: test }, to: { path: outside() } },
    {
      name: 'providers-know-core',
      severity: 'error',
      from: { path: '^providers/', pathNot: test },
      to: {
        path: outside('providers'),
        pathNot: ['^vendors/(http|grpc|mqtt)/wire/', '^vendors/[^/]+/operations\\.ts$'],
      },
    },
    {
      name: 'wire-is-for-both-ends',
      comment:
        'the form of a protocol, known by its binding (vendors/<name>/) and its transport (providers/transport/<name>/)',
      severity: 'error',
      from: { path: '^providers/', pathNot: ['^providers/transport/([^/]+)/', test] },
      to: { path: '^vendors/[^/]+/wire/' },
    },
    {
      name: 'a-transport-speaks-its-own-protocol',
      severity: 'error',
      from: { path: '^providers/transport/([^/]+)/', pathNot: test },
      to: { path: '^vendors/[^/]+/', pathNot: '^vendors/$1/wire/' },
    },
    {
      name: 'declared-operations-are-for-callers',
      comment: 'what a vendor declares is its face to callers: a provider that calls it, and the command line',
      severity: 'error',
      from: { path: '^providers/', pathNot: ['^providers/wfm/', test] },
      to: { path: '^vendors/[^/]+/operations\\.ts$' },
    },
    {
      name: 'no-provider-knows-another',
      comment: 'what several providers of one system need (how Redis is reached) lies in providers/shared/<system>/',
      severity: 'error',
      from: { path: '^providers/([^/]+/[^/]+)/', pathNot: test },
      to: { path: '^providers/', pathNot: '^providers/(?:$1|shared)/' },
    },
    {
      name: 'managers-know-core-and-managers',
      severity: 'error',
      from: { path: '^managers/', pathNot: test },
      to: { path: outside('managers') },
    },
    {
      name: 'managers-meet-at-the-front-door',
      comment: 'another manager is known by its index.ts alone; margo/ holds the documents that all of them speak',
      severity: 'error',
      from: { path: '^managers/([^/]+)/', pathNot: test },
      to: { path: '^managers/', pathNot: ['^managers/$1/', '^managers/[^/]+/index\\.ts$', '^managers/margo/'] },
    },
    {
      name: 'vendors-know-core-and-managers',
      severity: 'error',
      from: { path: '^vendors/', pathNot: test },
      to: { path: outside('vendors', 'managers') },
    },
    {
      name: 'vendors-meet-managers-at-the-front-door',
      severity: 'error',
      from: { path: '^vendors/', pathNot: test },
      to: { path: '^managers/', pathNot: ['^managers/[^/]+/index\\.ts$', '^managers/margo/'] },
    },
    {
      name: 'bindings-know-core-alone',
      severity: 'error',
      from: { path: '^vendors/(http|grpc|mqtt)/', pathNot: test },
      to: { path: '^(managers|vendors)/', pathNot: '^vendors/$1/' },
    },
    {
      name: 'vendors-are-strangers',
      comment: 'a vendor may use what a binding publishes for its protocol, and nothing else of another vendor',
      severity: 'error',
      from: { path: '^vendors/([^/]+)/', pathNot: test },
      to: { path: '^vendors/', pathNot: ['^vendors/$1/', '^vendors/http/index\\.ts$'] },
    },
    {
      name: 'plugins-use-the-author-api',
      severity: 'error',
      from: { path: '^(plugins|cli/scaffold/templates)/' },
      to: {
        path: '^(core|managers|providers|vendors|cli)/',
        pathNot: '^cli/scaffold/templates/',
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
  },
};
