-- Lease a name: all of its forms, or none.
-- KEYS: user, ids of all who spoke, ids of the others, pace bucket of the network, names that were put out, form, form...
-- ARGV: user id, name, token digest, whether they spoke ('1', '0', or '-': never counts), lease in seconds,
--       how many names there may be, pace capacity (0: no limit), pace tokens per second,
--       then for each form what stands for it among the names that were put out.
-- Returns {'out'}, {'taken', the id of whoever else has one of the forms}, {'wait', ms}, {'full'} or {'leased'}.
-- include clock
-- include pace
local user, heard, unheard, bucket, out = unpack(KEYS, 1, 5)
local id, name, token, spoke, lease, most, capacity, per_second = unpack(ARGV)
for i = 9, #ARGV do
  if redis.call('HEXISTS', out, ARGV[i]) == 1 then return { 'out' } end
end
for i = 6, #KEYS do
  local owner = redis.call('GET', KEYS[i])
  if owner and owner ~= id then return { 'taken', owner } end
end
local now = clock()
if redis.call('EXISTS', user) == 0 then
  local lasting = '(' .. now / 1000
  local leased = redis.call('ZCOUNT', heard, lasting, '+inf') + redis.call('ZCOUNT', unheard, lasting, '+inf')
  if leased >= tonumber(most) then return { 'full' } end
  local wait = pace(bucket, tonumber(capacity), tonumber(per_second), now)
  if wait > 0 then return { 'wait', wait } end
end
-- First: a Redis that is full takes nothing that begins so. It would take what begins by making room, and then refuse to
-- let the newcomer in.
redis.call('HSET', user, 'name', name, 'token', token, 'spoke', spoke)
redis.call('EXPIRE', user, lease)
redis.call('ZADD', spoke == '1' and heard or unheard, now / 1000 + lease, id)
for i = 6, #KEYS do redis.call('SET', KEYS[i], id, 'EX', lease) end
for _, ids in ipairs({ heard, unheard }) do redis.call('ZREMRANGEBYSCORE', ids, '-inf', now / 1000) end
return { 'leased' }
