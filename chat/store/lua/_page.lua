-- Some entries of a log, oldest first. Which is 'latest', 'before' or 'after' a seq, or 'resume': after a seq of the
-- given epoch, or the latest where the log does not go on from there.
-- Returns {'reset' or '', 'complete' or '', entry...}; complete: there is nothing more in the direction asked for.
local function page(log, epoch, head, which, from, of_epoch, limit)
  local function entries(rows)
    local found = { '', #rows <= limit and 'complete' or '' }
    for i = 1, math.min(#rows, limit) do found[i + 2] = rows[i][2][2] end
    return found
  end
  local function newest(till)
    local rows = redis.call('XREVRANGE', log, till, '-', 'COUNT', limit + 1)
    local found = entries(rows)
    for i = 3, math.floor(#found / 2) + 1 do
      found[i], found[#found + 3 - i] = found[#found + 3 - i], found[i]
    end
    return found
  end
  local function id(seq) return string.format('%.0f-0', seq) end

  if which == 'before' then return from > 1 and newest(id(from - 1)) or { '', 'complete' } end
  if which == 'after' or which == 'resume' and of_epoch == epoch and from <= head then
    local rows = redis.call('XRANGE', log, id(from + 1), '+', 'COUNT', limit + 1)
    if which == 'after' or from == head or rows[1] and rows[1][1] == id(from + 1) then return entries(rows) end
  end
  local found = newest('+')
  if which == 'resume' then found[1], found[2] = 'reset', 'complete' end
  return found
end
