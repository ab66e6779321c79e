-- Lease links (connections in a room), new ones and those already there.
-- KEYS: links, here, labels, roll, changes. ARGV: lease in ms, then user, connection, label for each.
-- include clock
-- include change
-- include arrive
local links, here, labels, roll, changes = unpack(KEYS)
local expiry = clock() + ARGV[1]
for i = 2, #ARGV, 3 do arrive(links, here, labels, roll, changes, expiry, unpack(ARGV, i, i + 2)) end
