import { Script } from '../../shared/redis/index.js';

/** The version of the layout. */
export const format = 1;

/**
 * What is kept, all below one prefix whose braces put it on one node of a cluster:
 * - `{p}:queue:format`       version of this layout
 * - `{p}:queue:item:Q:ID`    hash of an item of queue Q: `s` where it is (`ready`, `due`, `busy`, `failed`), `v` payload as
 *                            JSON, `a` how often it was tried, `o` who works on it, `e` what it failed with, `t` when
 *                            it was given up, milliseconds
 * - `{p}:queue:ready:Q`      list of ids, the next one first
 * - `{p}:queue:due:Q`        sorted set of ids that wait for another attempt, by the time at which they are ready
 * - `{p}:queue:busy:Q`       sorted set of ids that are worked on, by the time until which their worker has said to live
 * - `{p}:queue:failed:Q`     sorted set of ids that were given up, in the order of their text
 * - `{p}:queue:wake`         a stream of queues in which there may be something to do, for hosts that wait; only the newest
 *
 * Times are milliseconds by the clock of Redis. All of it is written by scripts, so that an item is in one of these places.
 */
const names = `
local p = KEYS[1] .. ':queue:'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
local function item(q, id) return p .. 'item:' .. q .. ':' .. id end
local function place(kind, q) return p .. kind .. ':' .. q end
-- A hint: that there is no memory left for it is no reason to fail.
local function wake(q) redis.pcall('XADD', p .. 'wake', 'MAXLEN', '~', 1000, '*', 'q', q) end
local function ready(q, id)
  redis.call('HSET', item(q, id), 's', 'ready')
  redis.call('HDEL', item(q, id), 'o')
  redis.call('RPUSH', place('ready', q), id)
end
local function giveUp(q, id, reason)
  redis.call('HSET', item(q, id), 's', 'failed', 'e', reason, 't', text(now))
  redis.call('HDEL', item(q, id), 'o')
  redis.call('ZADD', place('failed', q), 0, id)
  -- Hosts that wait hear how many have failed.
  wake(q)
end
-- Whether this worker has it still.
local function mine(q, id, owner)
  local s, o = unpack(redis.call('HMGET', item(q, id), 's', 'o'))
  return s == 'busy' and o == owner
end
`;

/** Arguments: queue, id, payload. Answers 1, or 0 where it waits or is worked on already. */
export const enqueueScript = new Script(
  `${names}
local q, id, payload = ARGV[1], ARGV[2], ARGV[3]
local at = item(q, id)
local found = redis.call('HGET', at, 's')
if found and found ~= 'failed' then
  -- Written again, so that who waits for replicas waits for it: perhaps nobody has yet.
  redis.call('HSET', at, 's', found)
  return 0
end
-- First what a full Redis refuses: in the middle of a script it does not.
redis.call('HSET', at, 'v', payload, 'a', 0)
redis.call('HDEL', at, 'e', 't')
redis.call('ZREM', place('failed', q), id)
ready(q, id)
wake(q)
return 1
`,
  1,
);

/** Arguments: queue, id. Answers 1, or 0 where there is no such failed item. */
export const retryScript = new Script(
  `${names}
local q, id = ARGV[1], ARGV[2]
if redis.call('ZREM', place('failed', q), id) == 0 then return 0 end
redis.call('HSET', item(q, id), 'a', 0)
redis.call('HDEL', item(q, id), 'e', 't')
ready(q, id)
wake(q)
return 1
`,
  1,
);

/**
 * Takes an item. Arguments: queue, who, for how many milliseconds without a sign of life, how often an item is tried, and
 * what is said of one whose worker was lost at its last attempt. What others have left comes first to where it is seen.
 *
 * Answers `{'item', id, payload, attempt}`; or `{'none', in how many milliseconds to ask again}`, -1 where nothing waits.
 * Then how many were given up, and how many have failed in all.
 */
export const takeScript = new Script(
  `${names}
local q, owner, duration, attempts, lost = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local due, busy, up = place('due', q), place('busy', q), 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', due, id)
  ready(q, id)
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', busy, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', busy, id)
  if tonumber(redis.call('HGET', item(q, id), 'a')) >= attempts then
    giveUp(q, id, lost)
    up = up + 1
  else
    ready(q, id)
  end
end
local id = redis.call('LPOP', place('ready', q))
if id then
  local attempt = redis.call('HINCRBY', item(q, id), 'a', 1)
  redis.call('HSET', item(q, id), 's', 'busy', 'o', owner)
  redis.call('ZADD', busy, text(now + duration), id)
  return { 'item', id, redis.call('HGET', item(q, id), 'v'), attempt, up, redis.call('ZCARD', place('failed', q)) }
end
local soonest = -1
for _, waiting in ipairs({ due, busy }) do
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
  if first then
    local left = math.max(0, tonumber(first) - now)
    if soonest < 0 or left < soonest then soonest = left end
  end
end
return { 'none', soonest, up, redis.call('ZCARD', place('failed', q)) }
`,
  1,
);

/**
 * Signs of life. Arguments: for how many milliseconds; then of each item queue, id and who works on it. Answers of each 1, or 0
 * where another has it.
 */
export const keepScript = new Script(
  `${names}
local duration, answer = tonumber(ARGV[1]), {}
for n = 2, #ARGV, 3 do
  local q, id, owner = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local kept = mine(q, id, owner)
  if kept then
    -- A Redis that is full refuses to add, but not in the middle of a script.
    redis.call('ZREM', place('busy', q), id)
    redis.call('ZADD', place('busy', q), text(now + duration), id)
  end
  answer[#answer + 1] = kept and 1 or 0
end
return answer
`,
  1,
);

/**
 * What became of an item. Arguments: queue, id, who; then `done`; `back`; or `failed`, the reason, how often an item is tried,
 * and the first and the longest pause. Answers 1, 2 where it was given up for good, or 0 where another has it.
 */
export const endScript = new Script(
  `${names}
local q, id, owner, how = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not mine(q, id, owner) then return 0 end
local at = item(q, id)
redis.call('ZREM', place('busy', q), id)
if how == 'done' then
  redis.call('DEL', at)
  return 1
end
if how == 'back' then
  redis.call('HINCRBY', at, 'a', -1)
  redis.call('HSET', at, 's', 'ready')
  redis.call('HDEL', at, 'o')
  redis.call('LPUSH', place('ready', q), id)
  wake(q)
  return 1
end
local tried = tonumber(redis.call('HGET', at, 'a'))
if tried >= tonumber(ARGV[6]) then
  giveUp(q, id, ARGV[5])
  return 2
end
redis.call('HSET', at, 's', 'due', 'e', ARGV[5])
redis.call('HDEL', at, 'o')
redis.call('ZADD', place('due', q), text(now + math.min(tonumber(ARGV[8]), tonumber(ARGV[7]) * 2 ^ math.min(tried - 1, 30))), id)
wake(q)
return 1
`,
  1,
);

/** A page of failed items. Arguments: queue, the first id in the notation of ZRANGEBYLEX, how many. Answers five texts of each. */
export const failedScript = new Script(
  `${names}
local answer = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', place('failed', ARGV[1]), ARGV[2], '+', 'LIMIT', 0, ARGV[3])) do
  local found = redis.call('HMGET', item(ARGV[1], id), 'v', 'a', 'e', 't')
  answer[#answer + 1] = id
  for _, each in ipairs(found) do answer[#answer + 1] = each end
end
return answer
`,
  1,
);
