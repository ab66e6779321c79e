import { close as closeDrawer } from "./drawer.js";
import { Finder } from "./sidebar/finder.js";
import { Announcer } from "./lib/announcer.js";
import { looking } from "./lib/attention.js";
import { framed } from "./lib/frames.js";
import { short } from "./lib/storage.js";
import { slot } from "./lib/templates.js";
import "./lib/tooltips.js";
import { isThere, Navigation } from "./navigation.js";
import { Connection } from "./net/connection.js";
import { keep } from "./room/place.js";
import { Room } from "./room/room.js";
import { Sidebar } from "./sidebar/sidebar.js";

const READ_WITHIN = 300;

// A page that answered a form has the form's address: a reload would send it again.
const link = document.querySelector('[data-room-link][aria-current="page"]');
if (link && link.pathname !== location.pathname) history.replaceState(null, "", link.href);

const main = document.getElementById("room");
const { chatName, own } = main.dataset;
const connection = new Connection();
const sidebar = new Sidebar(document.querySelector("[data-rooms]"));
new Finder(sidebar, document.getElementById("sidebar"));
const announcer = new Announcer(document.querySelector("[data-live-region]"));
const isOffline = () => connection.status === "offline";
const navigation = new Navigation(make(main, document.getElementById("people")), make, shown, isOffline);

function make(element, aside) {
  const room = new Room(element, aside, connection);
  room.addEventListener("seen", () => read(room));
  room.addEventListener("message", ({ detail: entry }) => {
    if (room !== navigation.current) return;
    if (entry.user.id !== own) announcer.message(`${entry.user.name}: ${entry.text}`);
  });
  room.addEventListener("refused", ({ detail: reason }) => announcer.say(`Not sent to ${room.name}: ${reason}`));
  room.addEventListener("wanted", () => enter(room));
  room.addEventListener("newest", () => navigation.toNewest(room));
  room.addEventListener("joined", ({ detail: answer }) => {
    if (answer.reset) {
      sidebar.replace(room.name, answer);
      told.delete(room.name);
    }
    sidebar.update(room.name, { ...answer, member: true });
  });
  return room;
}

function shown(room, { isNew, chosen }) {
  sidebar.select(room.name);
  room.show();
  title();
  // Choosing a room joins it; going back through the browser's history only looks at it.
  if (chosen && !room.member) enter(room);
  else if (isNew && room.member && connection.status === "live") join(room, false);
  read(room);
}

// Events of the connection.

let away = false;
/** Tell screen readers that the connection is lost, and that it is back. */
function tellStatus() {
  const { status } = connection;
  if (status === "offline" && !away) announcer.say(navigation.current.main.querySelector("[data-offline]").textContent);
  else if (status === "live" && away) announcer.say("You are back online.");
  if (status !== "connecting") away = status === "offline";
}

let before = false;
connection.addEventListener("status", () => {
  navigation.current.status();
  tellStatus();
});
short.addEventListener("change", () => {
  navigation.current.status();
  if (short.is) announcer.say(navigation.current.main.querySelector("[data-short]").textContent);
});
connection.addEventListener("live", () => {
  const again = before;
  before = true;
  for (const room of navigation.all) {
    if (room.member || room.wanted) join(room, again);
  }
  for (const name of sidebar.joined) {
    if (!navigation.visited(name)) subscribe(name);
  }
});

on("message", ({ detail: entry }) => arrived(entry));
on("presence", ({ detail }) => navigation.visited(detail.room)?.presence(detail));
on("typing", ({ detail }) => navigation.visited(detail.room)?.typing(detail));
on("unread", ({ detail }) => {
  navigation.visited(detail.room)?.feed.noteRead(detail.read);
  sidebar.update(detail.room, { read: detail.read });
});
on("room", ({ detail }) => sidebar.add(detail));
on("left", ({ detail }) => {
  if (!detail.room) return;
  sidebar.leave(detail.room);
  navigation.visited(detail.room)?.left("You left this room in another tab or on another device.");
});
on("roomRemoved", ({ detail }) => {
  removed(detail.room, "The people who run this chat removed this room.");
});
on("resync", ({ detail }) => {
  const room = navigation.visited(detail.room);
  if (room?.member) join(room, true);
  else if (!room) subscribe(detail.room);
});
on("announcement", ({ detail }) => announce(detail.text));
on("signedOut", ({ detail }) => signedOut(detail));

/** Somebody who is signed out stays on the page, with what they wrote. */
function signedOut({ message } = {}) {
  connection.close();
  const happened = message || "You left in another tab, or your name was given back.";
  const why = `${happened} What you wrote is still in its field here.`;
  for (const room of navigation.all) room.signedOut(why);
  announcer.say(why);
}

function on(event, handler) {
  connection.addEventListener(event, handler);
}

function arrived(entry) {
  navigation.visited(entry.room)?.receive([entry]);
  sidebar.update(entry.room, { head: entry.seq });
}

function enter(room) {
  room.wanted = true;
  if (connection.status === "live") join(room, false);
}

async function join(room, again) {
  try {
    await room.join({ again });
    read(room);
  } catch (error) {
    if (error.code === "room_not_found") outside(room.name);
    else refused(error, () => join(room, again));
  }
}

/** The reader cannot join a room: it is gone, or they are no member any more. */
async function outside(name) {
  const room = navigation.visited(name);
  const wanted = room?.wanted;
  sidebar.leave(name);
  if (wanted) room.wanted = false;
  if (wanted || !(await isThere(name)))
    removed(name, "This room is no longer here: it was removed, or the chat lost it.");
  else room?.left();
}

function removed(name, why) {
  sidebar.remove(name);
  navigation.visited(name)?.gone(why);
  navigation.forget(name);
}

async function subscribe(name) {
  try {
    sidebar.update(name, await connection.call("join", { room: name, renew: true, limit: 0 }));
  } catch (error) {
    if (error.code === "room_not_found") outside(name);
    else refused(error, () => subscribe(name));
  }
}

function refused(error, again) {
  if (error.code === "not_signed_in") signedOut();
  // Without a connection, the next one joins.
  else if (error.passing && error.code !== "offline") setTimeout(again, error.pause);
}

// What was read: only what somebody looks at.

const reading = new Set();
const told = new Map();
function read(room) {
  if (room !== navigation.current || !room.member || !looking() || !room.seen) return;
  sidebar.update(room.name, { head: room.seen, read: room.seen });
  // Each room has its own timer, so that what was read is told even after another room is shown.
  if (reading.has(room.name)) return;
  reading.add(room.name);
  setTimeout(() => tellRead(room), READ_WITHIN);
}

function tellRead(room) {
  reading.delete(room.name);
  if (room.seen <= (told.get(room.name) ?? 0)) return;
  told.set(room.name, room.seen);
  connection.call("read", { room: room.name, seq: room.seen }).catch(() => told.delete(room.name));
}

for (const [target, event] of [
  [window, "focus"],
  [document, "visibilitychange"],
]) {
  target.addEventListener(event, () => looking() && navigation.current.feed.lookAgain());
}
window.addEventListener("pagehide", () => keep(navigation.current.name, navigation.current.feed.place));

const title = framed(() => {
  const { unread } = sidebar;
  const words = `${unread ? `(${unread > 99 ? "99+" : unread}) ` : ""}${navigation.current.name} · ${chatName}`;
  // Setting it has a cost, even where it stays the same.
  if (document.title === words) return;
  document.title = words;
  const icon = document.querySelector("[data-icon]");
  icon.dataset.plainIcon ??= icon.href;
  icon.href = unread ? icon.dataset.unreadIcon : icon.dataset.plainIcon;
});
sidebar.addEventListener("change", title);

function announce(text) {
  const bar = navigation.current.main.querySelector("[data-announcement]");
  slot(bar, "text").textContent = text;
  bar.hidden = false;
}

document.addEventListener("click", ({ target }) => {
  const bar = target.closest("[data-dismiss]")?.closest("[data-announcement]");
  if (!bar) return;
  bar.hidden = true;
  navigation.current.focus();
});

// The chat would not hear of it without a connection, so nothing is done.
document.querySelector("[data-leave]").addEventListener("click", (event) => {
  if (connection.status !== "offline") return;
  event.preventDefault();
  closeDrawer();
  announce("You are offline. Leave when you are back online.");
});

sidebar.select(navigation.current.name);
navigation.current.show();
title();
