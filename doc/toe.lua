-- SPDX-License-Identifier: MIT
--
-- Wireshark and tshark learn what `toe nic` writes between the frames of a capture, and its control
-- protocol:
--
--   wireshark -X lua_script:toe.lua nic.pcapng
--
-- Events are custom blocks of pcapng with the enterprise number 32473 (RFC 5612: for examples and
-- documentation) whose data begins with "TOE". The control protocol is JSON, one object a line; it
-- is found in captures of the link type USER0, and in whatever TCP stream "Decode As" says so.

local ENTERPRISE = 32473
local HEAD_LEN = 16

local event = Proto("toe_event", "toe event")
event.fields.time = ProtoField.absolute_time("toe_event.time", "Time", base.UTC)
event.fields.name = ProtoField.string("toe_event.name", "Event")
event.fields.place = ProtoField.string("toe_event.place", "Place")
event.fields.why = ProtoField.string("toe_event.why", "Why")
event.fields.detail = ProtoField.string("toe_event.detail", "Detail")
event.fields["local"] = ProtoField.string("toe_event.local", "Local")
event.fields.local_port = ProtoField.uint16("toe_event.local_port", "Local port")
event.fields.remote = ProtoField.string("toe_event.remote", "Remote")
event.fields.remote_port = ProtoField.uint16("toe_event.remote_port", "Remote port")
local bad = ProtoExpert.new("toe_event.bad", "No event", expert.group.MALFORMED, expert.severity.ERROR)
event.experts = { bad }

local control = Proto("toe_control", "toe control protocol")
control.fields.command = ProtoField.string("toe_control.command", "Command")
control.fields.what = ProtoField.string("toe_control.what", "What")
control.fields.type = ProtoField.string("toe_control.type", "Type")
control.fields.ok = ProtoField.string("toe_control.ok", "Ok")
control.fields.error = ProtoField.string("toe_control.error", "Error")

-- The value of a member of a flat object, as text; nil if there is none.
local function member(text, name)
    return text:match('"' .. name .. '":%s*"(.-[^\\])"') or text:match('"' .. name .. '":%s*([%w%.%-]+)')
end

local function json(tvb, pinfo, tree)
    local protocol, info = tostring(pinfo.cols.protocol), tostring(pinfo.cols.info)

    Dissector.get("json"):call(tvb:tvb(), pinfo, tree)
    pinfo.cols.protocol = protocol
    pinfo.cols.info = info
end

local function add(tree, fields, tvb, text, names)
    for _, name in ipairs(names) do
        local value = member(text, name)

        if value then
            tree:add(fields[name], tvb, tonumber(name:match("_port$") and value or nil) or value)
        end
    end
end

-- --- events ---

local pen = Field.new("frame.cb_pen")

function event.dissector(tvb, pinfo, tree)
    local number = pen()

    if not number or number.value ~= ENTERPRISE or tvb:len() < HEAD_LEN or tvb(0, 4):bytes():tohex() ~= "544F4501" then
        return 0
    end
    local subtree = tree:add(event, tvb())
    local ns = tvb(4, 8):uint64()
    local len = tvb(12, 4):uint()
    if len > tvb:len() - HEAD_LEN then
        subtree:add_proto_expert_info(bad)
        return tvb:len()
    end
    local range = tvb(HEAD_LEN, len)
    local text = range:string()
    local name = member(text, "event") or "?"

    subtree:add(event.fields.time, tvb(4, 8), NSTime((ns / 1000000000):tonumber(), (ns % 1000000000):tonumber()))
    subtree:add(event.fields.name, range, name)
    add(subtree, event.fields, range, text, { "place", "why", "detail", "local", "local_port", "remote", "remote_port" })
    subtree:append_text(", " .. name)
    pinfo.cols.protocol = "toe"
    pinfo.cols.info = name
    local remote = member(text, "remote")
    if remote then
        pinfo.cols.info:append(string.format(", %s port %s with %s port %s", member(text, "local"),
            member(text, "local_port"), remote, member(text, "remote_port")))
        if member(text, "why") ~= "none" then
            pinfo.cols.info:append(", " .. member(text, "why") .. " " .. (member(text, "detail") or ""))
        end
    end
    json(range, pinfo, subtree)
    return tvb:len()
end

register_postdissector(event)

-- --- control protocol ---

local function dissect_line(range, pinfo, tree)
    local text = range:string()
    local subtree = tree:add(control, range)
    local word = member(text, "command")
    local kind = member(text, "type")

    add(subtree, control.fields, range, text, { "command", "what", "type", "ok", "error" })
    pinfo.cols.info:append((kind or word or "?") .. " ")
    json(range, pinfo, subtree)
end

-- What is not a whole line yet waits for the next segment.
function control.dissector(tvb, pinfo, tree)
    local at = 0

    pinfo.cols.protocol = "toe control"
    pinfo.cols.info = ""
    while at < tvb:len() do
        local rest = tvb(at):raw()
        local newline = rest:find("\n", 1, true)

        if not newline and pinfo.can_desegment > 0 then
            pinfo.desegment_offset = at
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            return tvb:len()
        end
        local len = newline and newline - 1 or #rest
        if len > 0 then
            dissect_line(tvb(at, len), pinfo, tree)
        end
        at = at + len + 1
    end
    return tvb:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, control)
DissectorTable.get("tcp.port"):add_for_decode_as(control)
