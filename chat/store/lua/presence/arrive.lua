-- Lease links (connections in a room) of its members, new ones and those already there.
-- KEYS: members, links, here, labels, roll, changes. ARGV: lease in ms, then user, connection, label for each.
-- include clock
-- include change
-- include arrive
local members, links, here, labels, roll, changes = unpack(KEYS)
local expiry = clock() + ARGV[1]
for i = 2, #ARGV, 3 do
  if redis.call('ZSCORE', members, ARGV[i]) then
    arrive(links, here, labels, roll, changes, expiry, unpack(ARGV, i, i + 2))
  end
end
