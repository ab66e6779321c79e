-- Make somebody a member of a room. KEYS: room, members.
-- ARGV: user, seconds since 1970, lease of a membership in seconds. Returns {topic, epoch, head}, or {} for no such room.
local room, members = unpack(KEYS)
local user, now, lease = unpack(ARGV)
if redis.call('EXISTS', room) == 0 then return {} end
redis.call('ZADD', members, now, user)
redis.call('ZREMRANGEBYSCORE', members, '-inf', now - lease)
return redis.call('HMGET', room, 'topic', 'epoch', 'head')
