/**
 * What every script of the session store begins with. One hash holds all sessions of a subject, each packed into one field by
 * its id, and the subject's epochs in the field `e`. The bucket's own keys lie in the same slot: everyone's epoch, the highest
 * epoch that was ever given out there, and the stream of revocations.
 *
 * KEYS: the subject's hash, everyone's epoch, the highest epoch, the stream. The first five ARGV: the offset of the test clock, how
 * long a revocation is remembered, the longest that a session lives, the shard, and the channel on which readers of the stream are nudged.
 * A verb's own follow. Times are milliseconds, epochs microseconds:
 * both are whole numbers that a double holds exactly. They leave as text by `%.0f`, since a number would be cut to an integer of its own kind.
 */
export const PRELUDE = `
local subject, all_key, highest_key, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local offset, revocation, absolute_life, shard, channel = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

local time = redis.call('TIME')
local true_now = time[1] * 1000 + math.floor(time[2] / 1000)
local now = true_now + offset
local micros = time[1] * 1000000 + time[2] + offset * 1000

local SIGNED_OUT, EVICTED, REVOKED, SUBJECT_REVOKED, SUBJECT_GONE, REUSE, BUDGET, AHEAD = 1, 2, 3, 4, 5, 6, 7, 8
local EXPIRED_IDLE, EXPIRED_ABSOLUTE, FORGED = 20, 21, 22
local REPEATED, ROTATED, REPLAYED, HEALED = 40, 41, 42, 43

local function whole(number)
  return string.format('%.0f', number)
end

local function open(packed)
  local f = {}
  local version, flags
  version, f.hash, f.created, f.auth, f.absolute, f.idle, f.rotated, f.emitted, f.confirmed, f.epoch, f.generation, flags, f.streak, f.reason, f.ended,
    f.sub, f.kid, f.ip, f.agent = struct.unpack('>Bc32I6I6I6I6I6I6I6I8I4BBBI6I2c0I1c0I1c0I2c0', packed)
  if version ~= 1 then error('a session of another version') end
  f.ever = flags % 2 == 1
  f.late = flags >= 2
  return f
end

local function pack(f)
  local flags = (f.ever and 1 or 0) + (f.late and 2 or 0)
  return struct.pack('>Bc32I6I6I6I6I6I6I6I8I4BBBI6I2c0I1c0I1c0I2c0', 1, f.hash, f.created, f.auth, f.absolute, f.idle, f.rotated, f.emitted, f.confirmed,
    f.epoch, f.generation, flags, f.streak, f.reason, f.ended, #f.sub, f.sub, #f.kid, f.kid, #f.ip, f.ip, #f.agent, f.agent)
end

-- Of the subject, and of everyone. For a script that has read the subject's own with something else.
local function epochs_of(packed)
  local everyone = tonumber(redis.call('GET', all_key) or '0')
  if not packed then return everyone, 0, 0 end
  local epoch, claims = struct.unpack('>I8I8', packed)
  return math.max(epoch, everyone), claims, epoch
end

local function epochs()
  return epochs_of(redis.call('HGET', subject, 'e'))
end

local function why_dead(f, epoch, known_dead)
  if f.reason > 0 then return f.reason end
  if f.epoch < epoch or known_dead then return SUBJECT_REVOKED end
  if now >= f.absolute then return EXPIRED_ABSOLUTE end
  if now >= f.idle then return EXPIRED_IDLE end
  return nil
end

-- Above the one before, and above any that a copy of this data may have had: a store that lost writes never goes back.
local function next_epoch(previous)
  local epoch = math.max(previous + 1, micros)
  local highest = tonumber(redis.call('GET', highest_key) or '0')
  if epoch > highest then redis.call('SET', highest_key, whole(epoch)) end
  return epoch
end

-- Lifetimes of keys only clean up: what holds is said by the fields. By the server's own time, whatever the test clock says.
local function live_until(at)
  local left = redis.call('PTTL', subject)
  local wanted = at - now
  if left < wanted then redis.call('PEXPIRE', subject, whole(wanted)) end
end

local function announce(text)
  redis.call('XADD', stream, 'MINID', '~', whole(math.max(0, true_now - 2 * revocation)), '*', 'r', text)
  redis.call('PUBLISH', channel, '')
end

local function finish(sid, f, reason)
  f.reason, f.ended = reason, now
  local packed = pack(f)
  redis.call('HSET', subject, sid, packed)
  live_until(now + 3 * revocation)
  announce('s ' .. sid .. ' ' .. whole(now + revocation))
  return packed
end

-- All sessions of the subject, the least recently used first; with each, why it is over.
local function sessions(epoch)
  local all = redis.call('HGETALL', subject)
  local found = {}
  for i = 1, #all, 2 do
    if #all[i] > 1 then
      local f = open(all[i + 1])
      found[#found + 1] = { sid = all[i], f = f, packed = all[i + 1], dead = why_dead(f, epoch, false) }
    end
  end
  table.sort(found, function(a, b)
    if a.f.rotated ~= b.f.rotated then return a.f.rotated < b.f.rotated end
    return a.sid < b.sid
  end)
  return found
end

local function told(f, before)
  if f == '' then return before end
  return f
end
`
