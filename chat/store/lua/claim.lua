-- Lease a name: all of its forms, or none.
-- KEYS: user, form, form... ARGV: user id, name, token digest, lease in seconds.
-- Returns the id of whoever else has one of the forms, or false.
for i = 2, #KEYS do
  local owner = redis.call('GET', KEYS[i])
  if owner and owner ~= ARGV[1] then return owner end
end
redis.call('HSET', KEYS[1], 'name', ARGV[2], 'token', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[4]) end
return false
