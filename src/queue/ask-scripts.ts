/**
 * @file What happens to a shared ask in Redis, each step as one script: nobody sees half of it. A command is sent again
 * where a connection broke, so that each script may run twice and change nothing the second time.
 *
 *   ASK                     what is asked, limits, sums, the next free time for a request, why it ended
 *   ASK:open, done, aside   names of units that nobody has, that are done, and that failed too often
 *   ASK:held                names of units under way, by the end of their leases
 *   ASK:claims              units by the word of who claimed them
 *   ASK:unit:NAME           its rows, the number of its last lease, whose that is, failures
 *   ASK:unit:NAME:r         what is held back for its requests under way, all of them of its last lease
 *   ASK:unit:NAME:replies   its replies, by the names of their requests
 *
 * Times are microseconds of Redis's clock, amounts whole numbers.
 */

/** Before each script. Leases are renewed only while Redis replies: after it was away all of them hold once more. */
const COMMON = `
local ask = KEYS[1]
if redis.call('EXISTS', ask) == 0 then return {'gone'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function number(field) return tonumber(redis.call('HGET', ask, field) or '0') end
-- + 0, since -0 is no number to Redis
local function add(field, amount) redis.call('HINCRBY', ask, field, string.format('%.0f', amount + 0)) end
local function unitOf(name) return ask .. ':unit:' .. name end
local lease = number('lease')
if now - number('tick') > lease / 2 then
  for _, name in ipairs(redis.call('ZRANGE', ask .. ':held', 0, -1)) do
    redis.call('ZADD', ask .. ':held', now + lease, name)
  end
end
redis.call('HSET', ask, 'tick', string.format('%.0f', now))
local function stop() return redis.call('HGET', ask, 'stop') or '' end
local function holds(name, lease)
  return redis.call('HGET', unitOf(name), 'lease') == lease
    and redis.call('ZSCORE', ask .. ':held', name) ~= false
end
local function settle(name, request, spent)
  local amount = redis.call('HGET', unitOf(name) .. ':r', request)
  if not amount then return false end
  redis.call('HDEL', unitOf(name) .. ':r', request)
  add('reserved', -amount)
  add('underWay', -1)
  add('spent', spent)
  return true
end
local function forfeit(name)
  local all = redis.call('HGETALL', unitOf(name) .. ':r')
  for i = 1, #all, 2 do
    settle(name, all[i], all[i + 1])
    add('forfeited', all[i + 1])
  end
end
local function free(name)
  forfeit(name)
  redis.call('ZREM', ask .. ':held', name)
  redis.call('HDEL', ask .. ':claims', redis.call('HGET', unitOf(name), 'claim') or '')
end
local function failed(name, reason)
  free(name)
  redis.call('HSET', unitOf(name), 'reason', reason)
  if redis.call('HINCRBY', unitOf(name), 'failures', 1) >= number('tries') then
    redis.call('RPUSH', ask .. ':aside', name)
  else
    redis.call('RPUSH', ask .. ':open', name)
  end
end
local function sweep()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', ask .. ':held', '-inf', now, 'LIMIT', 0, 100)) do
    failed(name, (redis.call('HGET', unitOf(name), 'owner') or '?') .. ' ended without a word')
  end
end
`;

const SCRIPTS = {
  /** A unit that is free, or whose owner has died. Claim, owner. */
  claim: `
local name = redis.call('HGET', ask .. ':claims', ARGV[1])
if not name then
  sweep()
  if stop() ~= '' then return {'stopped'} end
  name = redis.call('LPOP', ask .. ':open')
  if not name then return {'none'} end
  redis.call('HINCRBY', unitOf(name), 'lease', 1)
  redis.call('HSET', unitOf(name), 'claim', ARGV[1], 'owner', ARGV[2])
  redis.call('HSET', ask .. ':claims', ARGV[1], name)
  redis.call('ZADD', ask .. ':held', now + lease, name)
end
local unit = redis.call('HMGET', unitOf(name), 'lease', 'rows')
return {'unit', name, unit[1], unit[2], redis.call('HGETALL', unitOf(name) .. ':replies')}`,

  /** Unit, lease. */
  renew: `
if not holds(ARGV[1], ARGV[2]) then return {'lost'} end
redis.call('ZADD', ask .. ':held', now + lease, ARGV[1])
return {'held', stop()}`,

  /** Unit, lease, request, the most that it can cost. */
  reserve: `
local name, most = ARGV[1], tonumber(ARGV[4])
if not holds(name, ARGV[2]) then return {'lost'} end
if redis.call('HEXISTS', unitOf(name) .. ':r', ARGV[3]) == 1 then return {'reserved'} end
if stop() ~= '' then return {'stopped'} end
local limit, spent = number('limit'), number('spent')
if limit >= 0 and spent + number('reserved') + most > limit then
  if spent + most <= limit then
    sweep()
    return {'wait'}
  end
  redis.call('HSET', ask, 'stop', 'spent ' .. ARGV[4])
  return {'stopped'}
end
redis.call('HSET', unitOf(name) .. ':r', ARGV[3], ARGV[4])
add('reserved', most)
add('underWay', 1)
return {'reserved'}`,

  /** Unit, lease, request, what it cost, its reply. */
  keep: `
local name, replies = ARGV[1], unitOf(ARGV[1]) .. ':replies'
if redis.call('HEXISTS', replies, ARGV[3]) == 1 then return {'kept'} end
if not holds(name, ARGV[2]) or not settle(name, ARGV[3], ARGV[4]) then return {'lost'} end
redis.call('HSET', replies, ARGV[3], ARGV[5])
add('replies', 1)
return {'kept'}`,

  /** Unit, lease, request, what it cost. */
  release: `
if holds(ARGV[1], ARGV[2]) then settle(ARGV[1], ARGV[3], ARGV[4]) end
return {'released'}`,

  /** Unit, lease, seconds that it took. */
  finish: `
local name = ARGV[1]
if not holds(name, ARGV[2]) then return {'lost'} end
free(name)
redis.call('HSET', unitOf(name), 'seconds', ARGV[3])
redis.call('RPUSH', ask .. ':done', name)
return {'kept'}`,

  /** Unit, lease, why. */
  fail: `
if holds(ARGV[1], ARGV[2]) then failed(ARGV[1], ARGV[3]) end
return {'failed'}`,

  /** Unit, lease. */
  giveBack: `
if not holds(ARGV[1], ARGV[2]) then return {'lost'} end
free(ARGV[1])
redis.call('LPUSH', ask .. ':open', ARGV[1])
return {'given'}`,

  /** When the next request may go out: microseconds from now. */
  turn: `
local interval = number('interval')
local slot = math.max(now, number('quiet'))
if interval > 0 then
  slot = math.max(slot, number('next'))
  redis.call('HSET', ask, 'next', string.format('%.0f', slot + interval))
end
return {'turn', string.format('%.0f', slot - now)}`,

  /** Microseconds for which nobody sends a request. */
  hold: `
local till = string.format('%.0f', math.max(number('quiet'), now + tonumber(ARGV[1])))
redis.call('HSET', ask, 'quiet', till)
return {'turn', string.format('%.0f', till - now)}`,

  /** Unit, its rows. */
  publish: `
if redis.call('EXISTS', unitOf(ARGV[1])) == 0 then
  redis.call('HSET', unitOf(ARGV[1]), 'rows', ARGV[2], 'lease', 0)
  redis.call('RPUSH', ask .. ':open', ARGV[1])
end
return {'published'}`,

  /** A done unit whose replies are kept elsewhere. */
  retire: `
local unit = unitOf(ARGV[1])
redis.call('LREM', ask .. ':done', 1, ARGV[1])
redis.call('DEL', unit, unit .. ':r', unit .. ':replies')
return {'retired'}`,

  /** Why nobody is to send any more; the first reason stays. */
  stop: `
redis.call('HSETNX', ask, 'stop', ARGV[1])
return {'stopped'}`,

  /** Units that were set aside get their tries once more. */
  forgive: `
for _, name in ipairs(redis.call('LRANGE', ask .. ':aside', 0, -1)) do
  redis.call('HSET', unitOf(name), 'failures', 0)
  redis.call('RPUSH', ask .. ':open', name)
end
redis.call('DEL', ask .. ':aside')
redis.call('HDEL', ask, 'stop')
return {'forgiven'}`,

  standing: `
sweep()
local fields = redis.call('HMGET', ask, 'spent', 'reserved', 'underWay', 'forfeited', 'replies', 'stop')
local units = {}
for i, list in ipairs({'open', 'done', 'aside'}) do units[i] = redis.call('LRANGE', ask .. ':' .. list, 0, -1) end
return {'standing', fields, units[1], redis.call('ZRANGE', ask .. ':held', 0, -1), units[2], units[3]}`,
} as const;

export type AskStep = keyof typeof SCRIPTS;

/** The source of each step. */
export const ASK_SCRIPTS: Readonly<Record<AskStep, string>> = Object.fromEntries(
  Object.entries(SCRIPTS).map(([step, source]) => [step, `${COMMON}${source}`]),
) as Record<AskStep, string>; // of the same names
