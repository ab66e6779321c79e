-- Lease links (connections in a room), new ones and those already there.
-- KEYS: links, here, names, changes. ARGV: lease in ms, then user, connection, name for each.
-- include clock
-- include change
local links, here, names, changes = unpack(KEYS)
local expiry = clock() + ARGV[1]
for i = 2, #ARGV, 3 do
  local user, connection, name = unpack(ARGV, i, i + 2)
  if redis.call('ZADD', links, expiry, user .. ' ' .. connection) == 1
    and redis.call('HINCRBY', here, user, 1) == 1 then
    redis.call('HSET', names, user, name)
    change(changes, user, '+', name)
  end
end
