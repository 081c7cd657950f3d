// Example phrases, by who one is and where one is. A tap sends them.

const RESIDENT = ["菜单", "点课 反诈骗", "我想听医保怎么报销", "课表", "报名2人", "@小门 帮助"];
const MIGRANT = ["我想听养老保险", "点课 创业就业", "菜单", "课表", "@小门 帮助"];
const LECTURER = ["课表", "菜单", "点课 土地与宅基地", "报名", "@小门 帮助"];
const COORDINATOR_AT_WORK = ["待办", "1号", "1号 1", "通知 全镇 明天上午停水", "确认", "取消", "撤销", "帮助"];
const COORDINATOR_IN_GROUP = ["课表", "菜单", "点课 森林防火", "@小门 帮助"];
const DIRECT = {
  resident: ["菜单", "我想听医保怎么报销", "点课 健康", "到哪了", "课表", "帮助"],
  migrant: ["我想听养老保险", "点课 创业就业", "我的点单", "课表", "菜单", "帮助"],
  lecturer: ["我的课", "接单", "不接 那天值班", "课表", "帮助"],
  coordinator: COORDINATOR_AT_WORK,
};

export function phrasesFor(role, kind, bot) {
  let chosen;
  if (kind === "direct") chosen = DIRECT[role] || DIRECT.resident;
  else if (role === "coordinator") chosen = kind === "coordinators" ? COORDINATOR_AT_WORK : COORDINATOR_IN_GROUP;
  else chosen = { migrant: MIGRANT, lecturer: LECTURER }[role] || RESIDENT;
  return chosen.map((phrase) => phrase.replace("@小门", "@" + bot));
}
