import { Script } from '../../shared/redis/index.js';

/** The version of the layout. */
export const format = 1;

/**
 * What is kept, all below one prefix whose braces put it on one node of a cluster:
 * - `{p}:format`           version of this layout
 * - `{p}:revision`         the last revision, which is the id of the last entry of the log as well
 * - `{p}:log`              a stream of commits, for those who watch; only the newest
 * - `{p}:keys:C`           sorted set of the keys of collection C
 * - `{p}:doc:C:KEY`        hash of a value: `r` revision, `c` content (`j` JSON, `b` bytes), `v` value, `x` its index entries
 * - `{p}:index:C:NAME:EQ`  sorted set of the keys of C that the index NAME has under EQ
 * - `{p}:print:C`          digest of how C was indexed last
 * - `{p}:asked`            the last revision whose replicas somebody asked for; nobody reads it
 *
 * Keys are built from the prefix, which is declared as the key of each script: all of them lie in its slot.
 */
const names = `
local p = KEYS[1]
local function doc(collection, key) return p .. ':doc:' .. collection .. ':' .. key end
local function keys(collection) return p .. ':keys:' .. collection end
local function index(collection, name, equals) return p .. ':index:' .. collection .. ':' .. name .. ':' .. equals end
`;

/** Writes the index entries of a value in the place of those that it had. `entries`: name, equals, name, equals, ... */
const indexing = `
local function reindex(collection, key, entries)
  local at = doc(collection, key)
  local packed = redis.call('HGET', at, 'x')
  local had = packed and cmsgpack.unpack(packed) or {}
  local wanted = {}
  for n = 1, #entries, 2 do wanted[index(collection, entries[n], entries[n + 1])] = true end
  local has = {}
  for n = 1, #had, 2 do
    local name = index(collection, had[n], had[n + 1])
    if wanted[name] then has[name] = true else redis.call('ZREM', name, key) end
  end
  for name in pairs(wanted) do
    if not has[name] then redis.call('ZADD', name, 0, key) end
  end
  if #entries > 0 then redis.call('HSET', at, 'x', cmsgpack.pack(entries))
  elseif packed then redis.call('HDEL', at, 'x') end
end
`;

/**
 * A commit. Arguments: the entries that the log keeps; then for each change `put` or `delete`, collection, key,
 * expectation (empty, `absent` or a revision) and for a put content, value, the count of texts of index entries, and
 * those. Answers `{1, revision}`, or `{0, which change, revision found or empty}` with nothing changed.
 *
 * A revision is a time in microseconds, or one more than the last: a store that has lost its newest commits (a failover)
 * does not give their revisions to others.
 */
export const commitScript = new Script(
  `${names}${indexing}
local at, changes = 2, {}
while at <= #ARGV do
  local change = { kind = ARGV[at], collection = ARGV[at + 1], key = ARGV[at + 2], expect = ARGV[at + 3] }
  at = at + 4
  if change.kind == 'put' then
    change.content, change.value = ARGV[at], ARGV[at + 1]
    change.entries = {}
    local count = tonumber(ARGV[at + 2])
    for n = 1, count do change.entries[n] = ARGV[at + 2 + n] end
    at = at + 3 + count
  end
  changes[#changes + 1] = change
end

for n, change in ipairs(changes) do
  local found = redis.call('HGET', doc(change.collection, change.key), 'r')
  change.found = found
  if change.expect ~= '' and change.expect ~= (found or 'absent') then return { 0, n, found or '' } end
end

local last = redis.call('GET', p .. ':revision') or '0'
local done = {}
for _, change in ipairs(changes) do
  if change.kind == 'put' or change.found then done[#done + 1] = change end
end
if #done == 0 then return { 1, last } end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local revision = string.format('%.0f', math.max(now, tonumber(last) + 1))

-- Redis takes some thousand texts at once from Lua; a larger commit is several entries of the log: R-0, R-1, ...
local entry, part = { 'last', last }, 0
local function tell()
  redis.call('XADD', p .. ':log', 'MAXLEN', '~', ARGV[1], revision .. '-' .. part, unpack(entry))
  entry, part = { 'part', part + 1 }, part + 1
end
for _, change in ipairs(done) do
  if #entry >= 4000 then tell() end
  local at = doc(change.collection, change.key)
  if change.kind == 'put' then
    redis.call('HSET', at, 'r', revision, 'c', change.content, 'v', change.value)
    redis.call('ZADD', keys(change.collection), 0, change.key)
    reindex(change.collection, change.key, change.entries)
    for _, text in ipairs({ change.content, change.collection, change.key, change.value }) do table.insert(entry, text) end
  else
    reindex(change.collection, change.key, {})
    redis.call('DEL', at)
    redis.call('ZREM', keys(change.collection), change.key)
    for _, text in ipairs({ 'd', change.collection, change.key, '' }) do table.insert(entry, text) end
  end
end
redis.call('SET', p .. ':revision', revision)
tell()
return { 1, revision }
`,
  1,
);

/**
 * A page. Arguments: collection, name of an index or empty, what it equals, first and last key in the notation of
 * ZRANGEBYLEX, and how many. Answers key, revision, content and value of each.
 */
export const listScript = new Script(
  `${names}
local from = ARGV[2] == '' and keys(ARGV[1]) or index(ARGV[1], ARGV[2], ARGV[3])
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', from, ARGV[4], ARGV[5], 'LIMIT', 0, ARGV[6])) do
  local value = redis.call('HMGET', doc(ARGV[1], key), 'r', 'c', 'v')
  found[#found + 1] = key
  for _, part in ipairs(value) do found[#found + 1] = part end
end
return found
`,
  1,
);

/**
 * Index entries of one value, made anew. Arguments: collection, key, the revision that they were made of, and the entries.
 * A value that has changed meanwhile has new ones already.
 */
export const reindexScript = new Script(
  `${names}${indexing}
if redis.call('HGET', doc(ARGV[1], ARGV[2]), 'r') ~= ARGV[3] then return 0 end
local entries = {}
for n = 4, #ARGV do entries[#entries + 1] = ARGV[n] end
reindex(ARGV[1], ARGV[2], entries)
return 1
`,
  1,
);
