-- Take links that ran out away, and hand out what changed in who is here: at most once in the given time.
-- KEYS: links, here, names, changes, told. ARGV: milliseconds between two tellings, 0 to hand out nothing.
-- Returns {people here, user, sign and name, user, sign and name, ...}, or {} if there is nothing to tell (yet).
-- include clock
-- include change
local links, here, names, changes, told = unpack(KEYS)
for _, link in ipairs(redis.call('ZRANGEBYSCORE', links, '-inf', clock(), 'LIMIT', 0, 1000)) do
  redis.call('ZREM', links, link)
  local user = link:match('^%S+')
  if redis.call('HINCRBY', here, user, -1) <= 0 then
    local name = redis.call('HGET', names, user) or ''
    redis.call('HDEL', here, user)
    redis.call('HDEL', names, user)
    change(changes, user, '-', name)
  end
end
if ARGV[1] == '0' or redis.call('EXISTS', changes) == 0 then return {} end
if not redis.call('SET', told, 1, 'NX', 'PX', ARGV[1]) then return {} end
local news = redis.call('HGETALL', changes)
redis.call('DEL', changes)
table.insert(news, 1, redis.call('HLEN', here))
return news
