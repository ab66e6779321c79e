-- Lease links (connections in a room), new ones and those already there.
-- KEYS: links, here, labels, roll, changes. ARGV: lease in ms, then user, connection, label for each.
-- include clock
-- include change
local links, here, labels, roll, changes = unpack(KEYS)
local expiry = clock() + ARGV[1]
for i = 2, #ARGV, 3 do
  local user, connection, label = unpack(ARGV, i, i + 2)
  if redis.call('ZADD', links, expiry, user .. ' ' .. connection) == 1
    and redis.call('HINCRBY', here, user, 1) == 1 then
    redis.call('HSET', labels, user, label)
    redis.call('ZADD', roll, 0, label .. '\0' .. user)
    change(changes, user, '+', label)
  end
end
