-- Come into a room: be a member from now on, be here by a connection if there is one, and get a page of the log.
-- KEYS: room, members, log, links, here, labels, roll, changes.
-- ARGV: user, seconds since 1970, lease of a membership in seconds, connection (empty: none), label, lease of a link in
--       ms, then which, seq, epoch, limit, bytes (see page).
-- Returns {} where there is no such room, and else {topic, epoch, head, what page returns...}.
-- include clock
-- include change
-- include arrive
-- include page
local room, members, log, links, here, labels, roll, changes = unpack(KEYS)
local user, now, membership, connection, label, lease, which, from, of_epoch, limit, bytes = unpack(ARGV)
local topic, epoch, head = unpack(redis.call('HMGET', room, 'topic', 'epoch', 'head'))
if not epoch then return {} end
redis.call('ZADD', members, now, user)
redis.call('ZREMRANGEBYSCORE', members, '-inf', now - membership)
if connection ~= '' then arrive(links, here, labels, roll, changes, clock() + lease, user, connection, label) end
local found = page(log, epoch, tonumber(head), which, tonumber(from), of_epoch, tonumber(limit), tonumber(bytes))
return { topic, epoch, head, unpack(found) }
