-- Give a name back. Forms that somebody else has leased since then stay.
-- KEYS: user, reads, ids of all who spoke, ids of the others, form, form...
-- ARGV: user id; '+inf', or when the lease of somebody who did not speak ends at the latest for it to be taken back.
-- Returns 1 if there was such a name, and nothing if it stays.
local user, _, heard, unheard = unpack(KEYS, 1, 4)
if ARGV[2] ~= '+inf' then
  local ends = redis.call('ZSCORE', unheard, ARGV[1])
  if not ends or tonumber(ends) > tonumber(ARGV[2]) then return end
  redis.call('DEL', KEYS[2])
end
redis.call('ZREM', heard, ARGV[1])
redis.call('ZREM', unheard, ARGV[1])
for i = 5, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return redis.call('DEL', user)
