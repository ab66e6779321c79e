-- Give a name back. KEYS: user, form, form... ARGV: user id. Forms that somebody else has leased since then stay.
redis.call('DEL', KEYS[1])
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
