import { Script } from '../../shared/redis/index.js';

/** The version of the layout. */
export const format = 1;

/**
 * What is kept, all below one prefix whose braces put it on one node of a cluster:
 * - `{p}:lock:format`     version of this layout
 * - `{p}:lock:name:NAME`  hash of the lock NAME: `o` who has it, `u` until when, milliseconds by the clock of Redis, `f` the
 *                         fence of the newest lease. It goes a week after it was touched last
 * - `{p}:lock:wake`       a stream of names that were released, for hosts that wait; only the newest
 *
 * A fence is a time in microseconds, or one more than the last: a Redis that has lost its newest leases (a failover), or has
 * dropped a lock that nobody used, does not give their fences to others.
 */
const names = `
local p, week = KEYS[1] .. ':lock:', 604800000
local at = p .. 'name:' .. ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local owner, till, fence = unpack(redis.call('HMGET', at, 'o', 'u', 'f'))
till, fence = tonumber(till or '0'), tonumber(fence or '0')
local function write(owner, duration, fence)
  local f = string.format('%.0f', fence)
  redis.call('HSET', at, 'o', owner, 'u', string.format('%.0f', now + duration), 'f', f)
  redis.call('PEXPIRE', at, week)
  return f
end
`;

/**
 * Takes a lease. Arguments: name, who, for how many milliseconds. Answers `{1, fence}`, or `{0, in how many milliseconds the
 * lease of another runs out}`. Who has it already gets the same again: its answer was lost.
 */
export const acquireScript = new Script(
  `${names}
if owner and till > now then
  if owner ~= ARGV[2] then return { 0, math.ceil(till - now) } end
  return { 1, write(owner, tonumber(ARGV[3]), fence) }
end
local micro = tonumber(time[1]) * 1000000 + tonumber(time[2])
return { 1, write(ARGV[2], tonumber(ARGV[3]), math.max(micro, fence + 1)) }
`,
  1,
);

/**
 * Renews a lease. Arguments: name, who, for how many milliseconds, its fence. Answers 1, or 0 where another has had it.
 *
 * One that Redis has forgotten (a failover) is as good as before where nobody has taken the name since.
 */
export const renewScript = new Script(
  `${names}
local mine = tonumber(ARGV[4])
local known = owner == ARGV[2] and fence == mine
local forgotten = fence < mine and not (owner and till > now)
if known or forgotten then
  -- A Redis that is full refuses to add, but not in the middle of a script.
  redis.call('PEXPIRE', at, week)
  write(ARGV[2], tonumber(ARGV[3]), mine)
  return 1
end
-- Whoever has it was given a fence that is too small: the next one is not.
if fence < mine then redis.call('HSET', at, 'f', ARGV[4]) end
return 0
`,
  1,
);

/** Gives a lease up. Arguments: name, who. */
export const releaseScript = new Script(
  `${names}
if owner == ARGV[2] then
  redis.call('HDEL', at, 'o', 'u')
  redis.pcall('XADD', p .. 'wake', 'MAXLEN', '~', 1000, '*', 'n', ARGV[1])
end
return 0
`,
  1,
);
