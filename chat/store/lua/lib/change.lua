-- Note that somebody came ('+') or went ('-'); the opposite, not told yet, takes both away.
local function change(changes, user, sign, label)
  local untold = redis.call('HGET', changes, user)
  if untold and untold:sub(1, 1) ~= sign then
    redis.call('HDEL', changes, user)
  else
    redis.call('HSET', changes, user, sign .. label)
  end
end
