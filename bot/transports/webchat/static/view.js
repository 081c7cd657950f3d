// How things look: DOM nodes out of data. Names and texts are only ever set as textContent.

export const ROLES = [
  ["resident", "村民"],
  ["migrant", "外出务工"],
  ["coordinator", "宣传干事"],
  ["lecturer", "宣讲员"],
];
const PAUSE = 5 * 60 * 1000; // a longer silence gets a time of its own
const TINTS = 8;

export function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function face(id, name, bot = false) {
  const plain = [...name.replace(/[(\uff08【\[].*$/u, "").trim()];
  const made = node("span", "face", bot ? "门" : plain.slice(-2).join("") || "?");
  dress(made, id, bot);
  made.setAttribute("aria-hidden", "true");
  return made;
}

export function dress(element, id, bot = false) {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  element.className = "face " + (bot ? "bot" : "tint" + (sum % TINTS));
}

// "19:30", "昨天 19:30", "11月20日 19:30", in the town's zone.
export class Clock {
  constructor(zone) {
    const options = { hour12: false, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", year: "numeric" };
    try {
      this.format = new Intl.DateTimeFormat("zh-CN", { ...options, timeZone: zone });
    } catch {
      this.format = new Intl.DateTimeFormat("zh-CN", options);
    }
  }
  parts(moment) {
    return Object.fromEntries(this.format.formatToParts(moment).map((part) => [part.type, part.value]));
  }
  say(at) {
    const then = this.parts(new Date(at));
    const day = (parts) => `${parts.year}-${parts.month}-${parts.day}`;
    const time = `${then.hour.replace("24", "00")}:${then.minute}`;
    if (day(then) === day(this.parts(new Date()))) return time;
    if (day(then) === day(this.parts(new Date(Date.now() - 86400000)))) return "昨天 " + time;
    return `${then.month}月${then.day}日 ${time}`;
  }
}

// One message with the time above it where there was a pause. `ask` carries what its taps do.
export function messageNodes(said, before, context) {
  const made = [];
  if (!before || Date.parse(said.at) - Date.parse(before.at) > PAUSE) {
    made.push(node("p", "time", context.clock.say(said.at)));
  }
  const mine = said.sender === context.me;
  if (said.recalled) {
    made.push(node("p", "gone", (mine ? "您" : said.name) + "的一条消息已撤回"));
  } else {
    made.push(bubbleRow(said, mine, context));
  }
  for (const each of made) each.dataset.number = said.number;
  return made;
}

function bubbleRow(said, mine, context) {
  const row = node("article", mine ? "row mine" : "row");
  row.dataset.id = said.id;
  const column = node("div", "column");
  if (!mine) column.append(nameLine(said, context));
  const shown = said.picture ? picture(said, context) : said.file ? file(said) : bubble(said);
  column.append(mine ? own(shown, said, context) : shown);
  row.append(face(said.sender, said.name, said.bot), column);
  return row;
}

function nameLine(said, context) {
  const line = node("p", "name", said.name);
  const role = context.roleOf(said.sender);
  if (said.bot) line.append(node("span", "tag bot", "机器人"));
  else if (role === "coordinator" || role === "lecturer") line.append(node("span", "tag", Object.fromEntries(ROLES)[role]));
  return line;
}

function bubble(said) {
  const made = node("p", "bubble", said.text);
  made.dir = "auto";
  return made;
}

// What one said oneself can be taken back: a text after a tap; a picture, which a tap opens, at once.
function own(made, said, context) {
  const held = node("div", "own");
  const back = node("button", "back", "撤回");
  back.type = "button";
  back.addEventListener("click", () => context.recall(said.id));
  held.append(back, made);
  if (said.picture) return held;
  back.hidden = true;
  const toggle = () => { back.hidden = !back.hidden; };
  made.tabIndex = 0;
  made.title = "点一下可以撤回";
  made.addEventListener("click", () => { if (!String(getSelection())) toggle(); });
  made.addEventListener("keydown", (event) => { if (event.key === "Enter") toggle(); });
  return held;
}

function file(said) {
  const made = node("p", "bubble");
  const link = node("a", "file", said.file);
  link.href = "file/" + encodeURIComponent(said.id);
  link.download = said.file;
  made.append(link);
  return made;
}

function picture(said, context) {
  const button = node("button", "picture");
  button.type = "button";
  const image = node("img");
  image.src = "picture/" + encodeURIComponent(said.id);
  image.alt = said.name + "发的图片，点开看大图";
  image.addEventListener("load", context.grown);
  image.addEventListener("error", () => {
    button.className = "picture lost";
    button.textContent = "图片已经看不到了";
    button.disabled = true;
  });
  button.append(image);
  button.addEventListener("click", () => context.open(image));
  return button;
}

export function emptyNote(direct, bot) {
  const made = node("div", "empty");
  made.append(
    node("p", "", direct ? `这里只有您和${bot}。` : "群里还没有人说话。"),
    node("p", "", direct ? "想听什么，直接跟它说就行。" : `跟乡亲们一样写一句，或者点「@${bot}」叫它。`),
    node("p", "", "也可以点下面的例句试试，点一下就发出去。"),
  );
  return made;
}

// The chooser's groups: 村民, 外出务工, 宣传干事, 宣讲员, and whoever has another role.
export function peopleNodes(people, me, choose) {
  const known = new Set(ROLES.map(([role]) => role));
  const groups = [...ROLES, ["", "其他人"]].map(([role, title]) => [
    title,
    people.filter((person) => (role ? person.role === role : !known.has(person.role))),
  ]);
  return groups.filter(([, members]) => members.length).map(([title, members]) => {
    const group = node("section", "group");
    group.append(node("h3", "", title));
    for (const person of members) {
      const button = node("button", "person");
      button.type = "button";
      if (person.id === me) button.setAttribute("aria-current", "true");
      const words = node("span", "words");
      words.append(node("strong", "", person.name), node("span", "", person.about));
      button.append(face(person.id, person.name), words);
      button.addEventListener("click", () => choose(person.id));
      group.append(button);
    }
    return group;
  });
}

export function chatNode(chat, open) {
  const button = node("button", "chat");
  button.type = "button";
  if (chat.current) button.setAttribute("aria-current", "true");
  const words = node("span", "words");
  words.append(node("span", "label", chat.name), node("span", "last", chat.last));
  button.append(chat.direct ? face("bot", "门", true) : face(chat.id, chat.short), words);
  if (chat.unread) {
    const badge = node("span", "badge", chat.unread > 99 ? "99+" : String(chat.unread));
    badge.setAttribute("aria-label", `${chat.unread} 条未读`);
    button.append(badge);
  }
  button.addEventListener("click", () => open(chat.id));
  return button;
}
