-- Keep all that there is of a person for so many seconds. `keys` are user, reads, two indexes, forms. Needs clock.
local function lease(keys, index, id, seconds)
  redis.call('EXPIRE', keys[1], seconds)
  redis.call('EXPIRE', keys[2], seconds)
  for i = 5, #keys do redis.call('EXPIRE', keys[i], seconds) end
  redis.call('ZADD', index, clock() / 1000 + seconds, id)
end
