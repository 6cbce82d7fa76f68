import { Script } from '../../shared/redis/index.js';

/** The version of the layout. */
export const format = 1;

/**
 * What is kept, all below one prefix whose braces put it on one node of a cluster:
 * - `{p}:events:format`   version of this layout
 * - `{p}:events:type:T`   a stream of the events of type T that some group has not handled yet. Its consumer groups are
 *                         the groups that ever subscribed. An entry: `i` id, `c` correlation id, `v` payload as JSON, which
 *                         is missing where it is undefined
 * - `{p}:events:wake`     a stream of types of which a group may have something to do, for hosts that wait; only the newest
 * - `{p}:events:seen`     sorted set of groups (`T GROUP`) by the last time, in seconds, at which a host subscribed to it
 *
 * A group has at most one pending entry: what is being delivered, and with it the right to deliver. Its consumer is the
 * host; the entry's idle time is how long that host has not said that it lives, its delivery count how often a handler was
 * called with it. A host that gives it up leaves it to the consumer `-`, idle for longer than any host waits. A consumer is
 * there only while it has that entry, so that hosts of the past leave none.
 */
const names = `
local p = KEYS[1] .. ':events:'
local nobody, ages = '-', 1000000000
local function stream(type) return p .. 'type:' .. type end
-- A hint: that there is no memory left for it is no reason to fail.
local function wake(type) redis.pcall('XADD', p .. 'wake', 'MAXLEN', '~', 1000, '*', 't', type) end

-- By name: how many entries are pending, and the last that was delivered.
local function groups(type)
  local found, any = {}, false
  if redis.call('EXISTS', stream(type)) == 1 then
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream(type))) do
      local group = {}
      for n = 1, #info, 2 do group[info[n]] = info[n + 1] end
      found[group.name], any = { pending = group.pending, last = group['last-delivered-id'] }, true
    end
  end
  return found, any
end

local function meet(type, group, from)
  if groups(type)[group] then return end
  redis.call('XGROUP', 'CREATE', stream(type), group, from, 'MKSTREAM')
  redis.call('ZADD', p .. 'seen', redis.call('TIME')[1], type .. ' ' .. group)
end
`;

/** Removes what every group has handled, and nothing else. */
const trimming = `
local function parts(id)
  local time, number = string.match(id, '(%d+)-(%d+)')
  return tonumber(time), tonumber(number)
end
local function before(one, other)
  local time, number = parts(one)
  local otherTime, otherNumber = parts(other)
  return time < otherTime or (time == otherTime and number < otherNumber)
end
local function trim(type)
  local least
  for name, group in pairs(groups(type)) do
    local needed
    if group.pending > 0 then
      needed = redis.call('XPENDING', stream(type), name)[2]
    else
      local time, number = parts(group.last)
      needed = string.format('%.0f-%.0f', time, number + 1)
    end
    if not least or before(needed, least) then least = needed end
  end
  if least then redis.call('XTRIM', stream(type), 'MINID', least) end
end
`;

/**
 * Publications, all or none. Arguments: how many groups follow; for each type, name, and from where on it is to get events
 * should it be new (`$` or `0`); then for each publication type, id, correlation id, `j` or `u`, and the payload as JSON.
 * Answers for each type of them its name and how many of its events wait.
 */
export const publishScript = new Script(
  `${names}
local at = 2
for _ = 1, tonumber(ARGV[1]) do
  meet(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
local known, told = {}, {}
while at <= #ARGV do
  local type, id, correlation, content, value = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  at = at + 5
  if known[type] == nil then
    local _, any = groups(type)
    known[type] = any
    if any then told[#told + 1] = type end
  end
  if known[type] then
    if content == 'j' then redis.call('XADD', stream(type), '*', 'i', id, 'c', correlation, 'v', value)
    else redis.call('XADD', stream(type), '*', 'i', id, 'c', correlation) end
  end
end
local answer = {}
for _, type in ipairs(told) do
  wake(type)
  answer[#answer + 1] = type
  answer[#answer + 1] = redis.call('XLEN', stream(type))
end
return answer
`,
  1,
);

/**
 * What a group has to do next. Arguments: type, group, this host, the entry that it has handled or empty, `1` if it wants
 * another, after how many milliseconds without a sign of life the entry of another host is taken from it, and from where on
 * a group gets events that is new (`$` or `0`).
 *
 * Answers `{'entry', id, how often it was delivered now, fields}`, `{'busy', for how many milliseconds the other host has
 * given no sign}` or `{'none'}`.
 */
export const nextScript = new Script(
  `${names}${trimming}
local type, group, me, done, wants, patience = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
meet(type, group, ARGV[7])
local at = stream(type)
if done ~= '' and #redis.call('XPENDING', at, group, done, done, 1, me) == 1 then
  redis.call('XACK', at, group, done)
  redis.call('XGROUP', 'DELCONSUMER', at, group, me)
  trim(type)
end

local function pending() return redis.call('XPENDING', at, group, '-', '+', 1)[1] end
local function claim(id, from, to, count, idle)
  redis.call('XCLAIM', at, group, to, 0, id, 'IDLE', idle, 'RETRYCOUNT', count, 'JUSTID')
  if from ~= to then redis.call('XGROUP', 'DELCONSUMER', at, group, from) end
end

if not wants then
  local left = pending()
  if left and left[2] == me then claim(left[1], me, nobody, left[4], ages) end
  wake(type)
  return { 'none' }
end

local found = pending()
while found do
  local id, owner, idle, count = found[1], found[2], found[3], found[4]
  if owner ~= me then
    if idle < patience then return { 'busy', idle } end
    count = count + 1
  end
  claim(id, owner, me, count, 0)
  local entry = redis.call('XRANGE', at, id, id)[1]
  if entry then return { 'entry', id, count, entry[2] } end
  redis.call('XACK', at, group, id)
  redis.call('XGROUP', 'DELCONSUMER', at, group, me)
  found = pending()
end
if #redis.call('XRANGE', at, '(' .. groups(type)[group].last, '+', 'COUNT', 1) == 0 then return { 'none' } end
local entry = redis.call('XREADGROUP', 'GROUP', group, me, 'COUNT', 1, 'STREAMS', at, '>')[1][2][1]
return { 'entry', entry[1], 1, entry[2] }
`,
  1,
);

/**
 * Signs of life, or a farewell. Arguments: this host, `1` to keep or `0` to give up; then of each entry type, group, id,
 * and how often a handler was called with it. Answers of each 1, or 0 where another host has it.
 */
export const claimScript = new Script(
  `${names}
local me, keeps, answer = ARGV[1], ARGV[2] == '1', {}
for n = 3, #ARGV, 4 do
  local type, group, id, count = ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3]
  local at = stream(type)
  local mine = groups(type)[group] and #redis.call('XPENDING', at, group, id, id, 1, me) == 1
  if mine then
    local owner, idle = keeps and me or nobody, keeps and 0 or ages
    redis.call('XCLAIM', at, group, owner, 0, id, 'IDLE', idle, 'RETRYCOUNT', count, 'JUSTID')
    if not keeps then
      redis.call('XGROUP', 'DELCONSUMER', at, group, me)
      wake(type)
    end
  end
  answer[#answer + 1] = mine and 1 or 0
end
return answer
`,
  1,
);

/**
 * That groups are subscribed to. Arguments: after how many seconds a group is forgotten that nobody subscribes to; then of
 * each group here type and name. Answers of each group that was forgotten type, name, and how many events it had
 * not handled: 1000 are 1000 or more.
 */
export const attendScript = new Script(
  `${names}${trimming}
local now, seen = tonumber(redis.call('TIME')[1]), p .. 'seen'
for n = 2, #ARGV, 2 do redis.call('ZADD', seen, now, ARGV[n] .. ' ' .. ARGV[n + 1]) end
local forgotten = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - tonumber(ARGV[1]))) do
  local type, name = string.match(member, '^(.-) (.*)$')
  local group = groups(type)[name]
  if group then
    local waiting = group.pending + #redis.call('XRANGE', stream(type), '(' .. group.last, '+', 'COUNT', 1000)
    redis.call('XGROUP', 'DESTROY', stream(type), name)
    for _, text in ipairs({ type, name, tostring(waiting) }) do forgotten[#forgotten + 1] = text end
    local _, others = groups(type)
    if others then trim(type) else redis.call('DEL', stream(type)) end
  end
  redis.call('ZREM', seen, member)
end
return forgotten
`,
  1,
);
