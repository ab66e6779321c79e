-- Lease a link (a connection in a room) until `expiry`, a new one or one that is there already. Needs change.
local function arrive(links, here, labels, roll, changes, expiry, user, connection, label)
  if redis.call('ZADD', links, expiry, user .. ' ' .. connection) == 1
    and redis.call('HINCRBY', here, user, 1) == 1 then
    redis.call('HSET', labels, user, label)
    redis.call('ZADD', roll, 0, label .. '\0' .. user)
    change(changes, user, '+', label)
  end
end
