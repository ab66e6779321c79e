-- Come into a room, or look into it: be a member from now on, be here by a connection if there is one, and get a page of
-- the log.
-- KEYS: room, members, log, links, here, labels, roll, changes, state of the bus.
-- ARGV: how, user, seconds since 1970, lease of a membership in seconds, connection (empty: none), label, lease of a link
--       in ms, then which, seq, epoch, limit, bytes (see page).
-- How is 'join'; 'renew', which takes a membership; or 'look', which renews one, and makes none.
-- Returns {} where there is no such room, or not for them, and else {1 for a member or 0, number of the newest item on
-- the bus, topic, epoch, head, what page returns...}.
-- include clock
-- include change
-- include arrive
-- include page
local room, members, log, links, here, labels, roll, changes, bus_state = unpack(KEYS)
local how, user, now, membership, connection, label, lease, which, from, of_epoch, limit, bytes = unpack(ARGV)
local topic, epoch, head = unpack(redis.call('HMGET', room, 'topic', 'epoch', 'head'))
if not epoch then return {} end
local member = how == 'join' or redis.call('ZSCORE', members, user)
if not member and how == 'renew' then return {} end
if member then
  redis.call('ZADD', members, now, user)
  redis.call('ZREMRANGEBYSCORE', members, '-inf', now - membership)
  if connection ~= '' then arrive(links, here, labels, roll, changes, clock() + lease, user, connection, label) end
end
local found = page(log, epoch, tonumber(head), which, tonumber(from), of_epoch, tonumber(limit), tonumber(bytes))
return { member and 1 or 0, redis.call('HGET', bus_state, 'head') or '0', topic, epoch, head, unpack(found) }
