import { PRELUDE } from './lua-prelude.ts'

/** One verb of the session store as a script; the prelude says what all of them get. */
function verb(body: string): string {
  return `${PRELUDE}\n${body.trim()}\n`
}

/** ARGV: maximum, idle life, sid, hash, sub, kid, authTime or '', expected epoch or '', ip, agent. */
export const CREATE = verb(`
local maximum, idle_life, sid = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local epoch, claims = epochs()
-- Lower is not moved: a subject without sessions is forgotten in time, and starts from zero.
if ARGV[13] ~= '' and tonumber(ARGV[13]) < epoch then return { 'moved' } end
local evicted, count = {}, 0
local length = redis.call('HLEN', subject)
if length >= maximum then
  local living, tombstones = {}, {}
  for _, one in ipairs(sessions(epoch)) do
    if not one.dead then living[#living + 1] = one
    elseif one.dead >= EXPIRED_IDLE or now >= one.f.ended + revocation and one.f.reason > 0 then redis.call('HDEL', subject, one.sid)
    else tombstones[#tombstones + 1] = one end
  end
  -- A tombstone tells why a session is over. That is worth no more room than the sessions have.
  for i = 1, #tombstones - maximum do redis.call('HDEL', subject, tombstones[i].sid) end
  for i = 1, #living - maximum + 1 do
    finish(living[i].sid, living[i].f, EVICTED)
    evicted[#evicted + 1] = living[i].sid
  end
  count = math.min(#living, maximum - 1)
else
  for _, one in ipairs(sessions(epoch)) do if not one.dead then count = count + 1 end end
end
local absolute = now + absolute_life
local packed = pack({ hash = ARGV[9], sub = ARGV[10], kid = ARGV[11], auth = tonumber(ARGV[12] ~= '' and ARGV[12] or now), ip = ARGV[14], agent = ARGV[15],
  created = now, absolute = absolute, idle = math.min(now + idle_life, absolute), epoch = epoch, generation = 0, rotated = now, emitted = now,
  confirmed = 0, ever = false, late = false, streak = 0, reason = 0, ended = 0 })
redis.call('HSET', subject, sid, packed)
live_until(absolute + revocation)
return { 'created', packed, whole(epoch), whole(claims), count + 1, evicted }
`)

/** ARGV: sid, hash, generation, kid, known dead, ip, agent, idle life, grace, lost window, unconfirmed window, budget. */
export const ROTATE = verb(`
local sid, generation = ARGV[6], tonumber(ARGV[8])
local both = redis.call('HMGET', subject, sid, 'e')
local packed = both[1]
if not packed then return { 'unknown' } end
local f = open(packed)
local epoch, claims = epochs_of(both[2])
local ip, agent = f.ip, f.agent
local idle_life, grace, lost_window, unconfirmed_window, budget = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])

local function refused(reason) return { 'refused', packed, reason } end
local function ended(reason) return { 'ended', finish(sid, f, reason), reason } end
local function stepped(kind)
  if kind ~= REPEATED then
    f.ip, f.agent = told(ARGV[11], ip), told(ARGV[12], agent)
    packed = pack(f)
    redis.call('HSET', subject, sid, packed)
  end
  return { 'stepped', packed, kind, whole(epoch), whole(claims), ip, agent }
end
local function rotate(to, kind)
  -- Forgiven one by one: else a thief who once keeps step may come second for as long again.
  if not f.late then f.streak = math.max(0, f.streak - 1) end
  f.generation, f.kid, f.rotated, f.emitted = to, ARGV[9], now, now
  f.idle = math.min(now + idle_life, f.absolute)
  f.confirmed, f.late = 0, false
  return stepped(kind)
end

-- What is compared is a hash of a value that came with a valid signature: its time tells nothing.
if f.hash ~= ARGV[7] then return refused(FORGED) end
local dead = why_dead(f, epoch, ARGV[10] == '1')
if dead then return refused(dead) end
local distance = f.generation - generation
if distance == 0 then
  if now - math.max(f.rotated, f.emitted) < grace then return stepped(REPEATED) end
  return rotate(f.generation + 1, ROTATED)
end
-- Only we could have signed a later token, so it is the store that lost something: a failover forgets a write or two.
if distance == -1 or distance == -2 then return rotate(generation + 1, HEALED) end
if distance < 0 then return ended(AHEAD) end
if distance > 1 then return ended(REUSE) end

local since = now - f.rotated
local just_confirmed = f.confirmed > 0 and now - f.confirmed < grace
if since >= grace and not just_confirmed then
  if f.confirmed > 0 or since >= (f.ever and lost_window or unconfirmed_window) then return ended(REUSE) end
  if not f.late then
    if f.streak >= budget then return ended(BUDGET) end
    f.late, f.streak = true, f.streak + 1
  end
end
f.emitted = now
return stepped(REPLAYED)
`)

/** ARGV: sid, generation. */
export const CONFIRM = verb(`
local packed = redis.call('HGET', subject, ARGV[6])
if not packed then return 0 end
local f = open(packed)
if f.generation ~= tonumber(ARGV[7]) or f.confirmed > 0 or why_dead(f, (epochs()), false) then return 0 end
f.confirmed, f.ever = now, true
redis.call('HSET', subject, ARGV[6], pack(f))
return 1
`)

/**
 * ARGV: sid, reason, hash or ''. Answers whose session it was; \`1\` for one that a failover has forgotten, whose access tokens are still
 * about: who has its secret may end it all the same. An id alone proves nothing.
 */
export const END = verb(`
local packed = redis.call('HGET', subject, ARGV[6])
if not packed then
  if ARGV[8] == '' then return false end
  announce('s ' .. ARGV[6] .. ' ' .. whole(now + revocation))
  return 1
end
local f = open(packed)
if why_dead(f, (epochs()), false) or (ARGV[8] ~= '' and f.hash ~= ARGV[8]) then return false end
finish(ARGV[6], f, tonumber(ARGV[7]))
return f.sub
`)

/** ARGV: the sid of a session that has ended. Says so once more: what was written before it is on a replica when this is. */
export const ANNOUNCE = verb(`
announce('s ' .. ARGV[6] .. ' ' .. whole(now + revocation))
return 1
`)

/** ARGV: the sid that stays. */
export const END_OTHERS = verb(`
local ended = {}
for _, one in ipairs(sessions((epochs()))) do
  if not one.dead and one.sid ~= ARGV[6] then
    finish(one.sid, one.f, REVOKED)
    ended[#ended + 1] = one.sid
  end
end
return ended
`)

/** ARGV: which of the two epochs moves, 'epoch' or 'claims'. */
export const MOVE_EPOCH = verb(`
local epoch, claims, own = epochs()
if ARGV[6] == 'epoch' then
  own = next_epoch(epoch)
  epoch = own
else
  claims = next_epoch(claims)
end
redis.call('HSET', subject, 'e', struct.pack('>I8I8', own, claims))
live_until(now + 3 * revocation)
announce('u ' .. shard .. ' ' .. whole(epoch) .. ' ' .. whole(claims) .. ' ' .. whole(now + revocation))
return { whole(epoch), whole(claims) }
`)

/** What the next epoch of everyone would be here. */
export const PROPOSE_EVERYONE = verb(`
return whole(math.max(micros, tonumber(redis.call('GET', highest_key) or '0') + 1, tonumber(redis.call('GET', all_key) or '0') + 1))
`)

/** ARGV: the epoch below which everything is dead. */
export const END_EVERYONE = verb(`
local epoch = math.max(tonumber(ARGV[6]), tonumber(redis.call('GET', all_key) or '0'))
redis.call('SET', all_key, whole(epoch))
if epoch > tonumber(redis.call('GET', highest_key) or '0') then redis.call('SET', highest_key, whole(epoch)) end
announce('e ' .. whole(epoch))
return whole(epoch)
`)

export const EPOCHS = verb(`
local epoch, claims = epochs()
return { whole(epoch), whole(claims) }
`)

/** ARGV: sid, epoch, claims epoch, as an access token has them. */
export const JUDGE = verb(`
local both = redis.call('HMGET', subject, ARGV[6], 'e')
local packed, epoch, claims = both[1], epochs_of(both[2])
if not packed or why_dead(open(packed), epoch, false) or tonumber(ARGV[7]) < epoch then return 1 end
if tonumber(ARGV[8]) < claims then return 2 end
return 0
`)

/** The living, most recently used first: sid and record in turns. */
export const LIST = verb(`
local living = {}
local found = sessions((epochs()))
for i = #found, 1, -1 do
  if not found[i].dead then
    living[#living + 1] = found[i].sid
    living[#living + 1] = found[i].packed
  end
end
return living
`)
