// The page's memory and its line to the bot. What it looks like is in view.js.

import { phrasesFor } from "./phrases.js";
import { chatNode, Clock, dress, emptyNote, face, messageNodes, node, peopleNodes } from "./view.js";

const KEPT = 200; // messages of one chat on the page, as many as the server tells again
const LONGEST = 100000; // bytes of one message
const $ = (id) => document.getElementById(id);

const state = {
  socket: null,
  tries: 0,
  retry: 0,
  bot: "小门",
  largest: 0, // bytes of a picture that may be sent
  tooBig: "",
  clock: new Clock("Asia/Shanghai"),
  people: new Map(),
  rooms: new Map(),
  person: "",
  room: "",
  messages: new Map(), // room id -> messages, oldest first
  drafts: new Map(), // person and room -> what was being written there
  sending: new Map(), // tag -> what was sent and not yet confirmed
  tag: 0,
  drawn: "", // the place that the tabs were last scrolled to
  stuck: true, // whether the newest message is in sight
  top: 0, // where the stream was scrolled to
};

// --- What is kept between visits -------------------------------------------------------------------------------

function recalled(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem("menlou." + key)) ?? fallback;
  } catch {
    return fallback; // storage forbidden or damaged: the page works without
  }
}

function keep(key, value) {
  try {
    localStorage.setItem("menlou." + key, JSON.stringify(value));
  } catch {
    // nothing to do: the next visit starts afresh
  }
}

const seen = recalled("seen", {}); // "person/room" -> number of the last message in sight
const place = (room) => state.person + "/" + room;

function fromHash() {
  try {
    return location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

function toHash() {
  const hash = "#" + [state.person, state.room].map(encodeURIComponent).join("/");
  if (location.hash !== hash) history.replaceState(null, "", hash);
  keep("last", [state.person, state.room]);
}

// --- The line --------------------------------------------------------------------------------------------------

function connect() {
  clearTimeout(state.retry);
  const socket = new WebSocket(new URL("ws", location.href.split("#")[0]).href.replace(/^http/, "ws"));
  state.socket = socket;
  showLink("waiting", state.tries ? "正在重新连接…" : "正在连接…");
  socket.addEventListener("message", (event) => { if (socket === state.socket) take(JSON.parse(event.data)); });
  socket.addEventListener("close", () => { if (socket === state.socket) lost(); });
}

function lost() {
  state.socket = null;
  for (const text of state.sending.values()) giveBack(text, "刚才那句不知有没有发出去，请看一眼再发。");
  state.sending.clear();
  state.tries += 1;
  showLink("waiting", "正在重新连接…");
  state.retry = setTimeout(connect, Math.min(500 * 1.6 ** state.tries, 5000) * (0.7 + 0.6 * Math.random()));
}

function tell(request) {
  if (state.socket?.readyState !== WebSocket.OPEN) return false;
  state.socket.send(JSON.stringify(request));
  return true;
}

function take(news) {
  if (news.do === "hello") welcome(news);
  else if (news.do === "history" && news.person === state.person) fill(news.room, news.messages);
  else if (news.do === "message") add(news.message);
  else if (news.do === "done") state.sending.delete(news.tag);
  else if (news.do === "declined") {
    const text = state.sending.get(news.tag);
    state.sending.delete(news.tag);
    giveBack(text, news.why);
  }
}

function welcome(news) {
  state.tries = 0;
  state.bot = news.bot;
  state.largest = news.largest;
  state.tooBig = news.tooBig;
  state.clock = new Clock(news.zone);
  state.people = new Map(news.people.map((person) => [person.id, person]));
  state.rooms = new Map(news.rooms.map((room) => [room.id, room]));
  for (const key of Object.keys(seen)) if (!(seen[key] <= news.last)) delete seen[key]; // the log was begun anew
  $("at").textContent = "@" + state.bot;
  showLink("open", "已连上");
  const [person, room] = [fromHash(), recalled("last", [])].find(([id]) => state.people.has(id)) || [];
  if (person) become(person, room);
  else choosePerson();
}

// --- Who and where ---------------------------------------------------------------------------------------------

function become(id, room) {
  const person = state.people.get(id);
  if (state.person !== id) {
    state.messages.clear();
    putDraft();
  }
  state.person = id;
  $("people").close();
  $("my-name").textContent = person.name;
  $("my-face").textContent = face(person.id, person.name).textContent;
  dress($("my-face"), person.id);
  tell({ do: "be", person: id });
  go(person.chats.includes(room) ? room : person.chats[0]);
}

function go(room) {
  putDraft();
  const typed = state.room ? "" : $("words").value; // before the line was open
  state.room = room;
  toHash();
  const direct = room === state.person;
  const group = state.rooms.get(room);
  $("title").textContent = direct ? `${state.bot}(私聊)` : `${group.name}(${group.size})`;
  document.title = $("title").textContent + " · 门楼微讲堂";
  $("at").hidden = direct;
  $("words").value = state.drafts.get(place(room)) || typed;
  $("words").placeholder = direct ? `跟${state.bot}说…` : "在群里说…";
  $("notice").hidden = true;
  grow();
  const kind = direct ? "direct" : group.kind;
  $("phrases").replaceChildren(...phrasesFor(state.people.get(state.person).role, kind, state.bot).map((phrase) => {
    const button = node("button", "phrase", phrase);
    button.type = "button";
    button.addEventListener("click", () => say(phrase));
    return button;
  }));
  $("phrases").scrollLeft = 0;
  draw(true);
}

function putDraft() {
  if (state.room) state.drafts.set(place(state.room), $("words").value);
}

function choosePerson() {
  $("people-list").replaceChildren(
    ...peopleNodes([...state.people.values()], state.person, (id) => become(id, wish(id))),
  );
  $("people-close").hidden = !state.person;
  $("roles").replaceChildren(...[...$("people-list").children].map((group) => {
    const button = node("button", "role", group.firstElementChild.textContent);
    button.type = "button";
    button.addEventListener("click", () => group.scrollIntoView({ block: "start", behavior: "smooth" }));
    return button;
  }));
  if (!$("people").open) $("people").showModal();
  ($("people").querySelector("[aria-current]") || $("people-title")).focus();
}

// Someone else in the same chat sees it with other eyes; a coordinator begins in the working group.
function wish(id) {
  return state.people.get(id).role === "coordinator" ? "" : state.room;
}

// --- Messages --------------------------------------------------------------------------------------------------

const context = {
  get clock() { return state.clock; },
  get me() { return state.person; },
  roleOf: (id) => state.people.get(id)?.role,
  recall: (id) => tell({ do: "recall", id, tag: "" }) || notice("还没有连上，稍等一下再撤回。"),
  open: (image) => {
    $("viewer-image").src = image.src;
    $("viewer-image").alt = image.alt;
    $("viewer").showModal();
  },
  grown: () => { if (state.stuck) toBottom(); },
};

function fill(room, messages) {
  state.messages.set(room, messages);
  if (seen[place(room)] === undefined) mark(room, messages.at(-1)?.number ?? 0); // a first visit owes nothing
  if (room === state.room) draw(state.stuck);
  else drawChats();
}

function add(said) {
  const messages = state.messages.get(said.room) || [];
  state.messages.set(said.room, messages);
  const index = messages.findIndex((each) => each.id === said.id);
  if (index >= 0) messages[index] = said;
  else messages.push(said);
  if (messages.length > KEPT) messages.shift();
  if (said.room !== state.room) return drawChats();
  look(); // the reader may have moved since the last scroll event
  if (index >= 0 || messages.length === 1) return draw(state.stuck);
  const stay = !state.stuck && said.sender !== state.person;
  $("stream").append(...messageNodes(said, messages.at(-2), context));
  while ($("stream").firstElementChild?.dataset.number < messages[0].number) $("stream").firstElementChild.remove();
  if (stay) $("below").hidden = false;
  else toBottom();
  drawChats();
}

function draw(bottom) {
  const stream = $("stream");
  const top = stream.scrollTop;
  const messages = state.messages.get(state.room);
  if (!messages?.length) {
    stream.replaceChildren(...(messages ? [emptyNote(state.room === state.person, state.bot)] : []));
  } else {
    stream.replaceChildren(...messages.flatMap((said, index) => messageNodes(said, messages[index - 1], context)));
  }
  if (bottom) toBottom();
  else stream.scrollTop = top;
  drawChats();
}

// Where the reader is. A picture that grew is no one scrolling up.
function look() {
  const stream = $("stream");
  const near = stream.scrollHeight - stream.scrollTop - stream.clientHeight < 60;
  state.stuck = near || (state.stuck && stream.scrollTop >= state.top);
  state.top = stream.scrollTop;
}

function toBottom() {
  $("stream").scrollTop = $("stream").scrollHeight;
  state.stuck = true;
  state.top = $("stream").scrollTop;
  $("below").hidden = true;
  markCurrent();
}

function mark(room, number) {
  seen[place(room)] = number;
  keep("seen", seen);
}

function markCurrent() {
  const last = state.messages.get(state.room)?.at(-1)?.number;
  if (last && state.stuck && !document.hidden && !(seen[place(state.room)] >= last)) mark(state.room, last);
}

function unread(room) {
  const from = seen[place(room)] ?? 0;
  const messages = state.messages.get(room) || [];
  return messages.filter((said) => said.number > from && said.sender !== state.person && !said.recalled).length;
}

function drawChats() {
  const person = state.people.get(state.person);
  if (!person) return;
  const nodes = person.chats.map((id) => {
    const direct = id === state.person;
    const name = direct ? "私聊" + state.bot : state.rooms.get(id).name;
    const said = state.messages.get(id)?.at(-1);
    const last = !said ? "还没有消息" : said.recalled ? "已撤回" : said.picture ? "[图片]" : said.file ? "[文件]" : said.text.slice(0, 60);
    return chatNode({ id, direct, name, short: name.slice(0, 2), last, unread: unread(id), current: id === state.room }, go);
  });
  const focused = [...$("chats").children].indexOf(document.activeElement);
  const left = $("chats").scrollLeft;
  $("chats").replaceChildren(...nodes);
  $("chats").scrollLeft = left;
  if (focused >= 0) nodes[focused]?.focus({ preventScroll: true });
  if (state.drawn === place(state.room)) return;
  state.drawn = place(state.room); // only when it changed: the tabs must not jump back under a finger
  $("chats").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

// --- Writing ---------------------------------------------------------------------------------------------------

function say(text) {
  if (!text.trim()) return false;
  if (new TextEncoder().encode(text).length > LONGEST) return notice("这一条太长了，请分几次发。");
  const tag = String((state.tag += 1));
  if (!tell({ do: "say", room: state.room, text, tag })) return notice("还没有连上，稍等一下再发。");
  state.sending.set(tag, text);
  $("notice").hidden = true;
  return true;
}

async function show(file) {
  if (file.size > state.largest) return notice(state.tooBig + "。");
  if (state.socket?.readyState !== WebSocket.OPEN) return notice("还没有连上，稍等一下再发。");
  const where = new URLSearchParams({ person: state.person, room: state.room });
  $("notice").hidden = true;
  $("picture").disabled = true; // one after another
  try {
    const answer = await fetch("picture?" + where, { method: "POST", body: file });
    if (!answer.ok) notice((await answer.text()) + "。");
  } catch {
    notice("图片没有发出去，请再发一次。");
  } finally {
    $("picture").disabled = false;
  }
}

function giveBack(text, why) {
  if (text && !$("words").value) $("words").value = text;
  grow();
  notice(why);
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  return false;
}

function grow() {
  const words = $("words");
  words.style.height = "auto";
  words.style.height = Math.min(words.scrollHeight + 2, 140) + "px";
  $("send").classList.toggle("idle", !words.value.trim());
}

function showLink(kind, text) {
  $("link").className = kind;
  $("link").textContent = text;
}

// --- Taps and keys ---------------------------------------------------------------------------------------------

$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  if (say($("words").value)) $("words").value = "";
  grow();
  $("words").focus();
});
$("words").addEventListener("keydown", (event) => {
  // 229: the Enter that ends an input method's composition, where the browser does not say so otherwise
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  $("write").requestSubmit();
});
$("words").addEventListener("input", grow);
$("at").addEventListener("click", () => {
  const words = $("words");
  const call = "@" + state.bot + " ";
  if (!words.value.startsWith(call)) words.value = call + words.value;
  grow();
  words.focus();
});
$("picture").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  if (file) show(file);
  $("file").value = ""; // the same picture can be chosen again
});
$("choose").addEventListener("click", () => { if (state.people.size) choosePerson(); });
$("people").addEventListener("cancel", (event) => { if (!state.person) event.preventDefault(); });
$("people-close").addEventListener("click", () => $("people").close());
$("people").addEventListener("click", (event) => { if (event.target === $("people") && state.person) $("people").close(); });
$("viewer-close").addEventListener("click", () => $("viewer").close());
$("below").addEventListener("click", () => { toBottom(); drawChats(); });
$("stream").addEventListener("scroll", () => {
  const before = state.stuck;
  look();
  if (state.stuck && !before) { $("below").hidden = true; markCurrent(); drawChats(); }
});
new ResizeObserver(() => { if (state.stuck) toBottom(); }).observe($("stream")); // the keyboard came up
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  markCurrent();
  drawChats();
  if (!state.socket) connect();
});
addEventListener("online", () => { if (!state.socket) connect(); });
addEventListener("hashchange", () => {
  const [person, room] = fromHash();
  if (!state.people.has(person) || (person === state.person && room === state.room)) return;
  if (person !== state.person) become(person, room);
  else if (state.people.get(person).chats.includes(room)) go(room);
});

connect();
