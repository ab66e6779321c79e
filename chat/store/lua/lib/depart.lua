-- Count one link of a user less, and note that they went if it was the last. Needs change.
local function depart(here, labels, roll, changes, user)
  if redis.call('HINCRBY', here, user, -1) > 0 then return end
  local label = redis.call('HGET', labels, user) or '\0'
  redis.call('HDEL', here, user)
  redis.call('HDEL', labels, user)
  redis.call('ZREM', roll, label .. '\0' .. user)
  change(changes, user, '-', label)
end
