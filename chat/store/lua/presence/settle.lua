-- Take away links that ran out, and put on the bus who came and went since: at most once in the given time.
-- KEYS: links, here, labels, roll, changes, told, bus, state of the bus.
-- ARGV: milliseconds between two tellings (0: tell nothing), the same for a crowd, how many are not yet a crowd,
--       room name, bus length.
-- A label is what people are sorted by, a NUL, and the name; the roll has each label with a NUL and the user.
-- Returns the presence event as JSON, or nothing if there is nothing to tell (yet).
-- include clock
-- include change
-- include depart
-- include tell
local links, here, labels, roll, changes, told, bus, bus_state = unpack(KEYS)
local pause, pause_in_crowd, crowd, room, bus_length = unpack(ARGV)

for _, link in ipairs(redis.call('ZRANGEBYSCORE', links, '-inf', clock(), 'LIMIT', 0, 1000)) do
  redis.call('ZREM', links, link)
  depart(here, labels, roll, changes, link:match('^%S+'))
end

local changed = redis.call('HLEN', changes)
if pause == '0' or changed == 0 then return false end
local count = redis.call('HLEN', here)
local many = count > tonumber(crowd) or changed > tonumber(crowd)
if not redis.call('SET', told, 1, 'NX', 'PX', many and pause_in_crowd or pause) then return false end

local function person(user, name)
  return '{"id":' .. cjson.encode(user) .. ',"name":' .. cjson.encode(name) .. '}'
end
local joined, left, list = {}, {}, ''
if many then
  -- Names of everybody to everybody would cost the square of how many they are.
  local first = {}
  for i, member in ipairs(redis.call('ZRANGE', roll, 0, crowd - 1)) do
    local name, user = member:match('%z(.*)%z(.*)$')
    first[i] = person(user, name)
  end
  list = ',"list":[' .. table.concat(first, ',') .. ']'
else
  local news = redis.call('HGETALL', changes)
  for i = 1, #news, 2 do
    local sign, name = news[i + 1]:match('^(.).*%z(.*)$')
    table.insert(sign == '+' and joined or left, person(news[i], name))
  end
end
redis.call('DEL', changes)
local event = '{"room":' .. cjson.encode(room) .. ',"joined":[' .. table.concat(joined, ',')
  .. '],"left":[' .. table.concat(left, ',') .. '],"count":' .. count .. list .. '}'
tell(bus, bus_state, bus_length, room, '', '0', 'presence', event)
return event
