"""What people call the tables, their columns and the codes in them: one list for all who are shown any of it.

The headings of the export's workbook and the words of a person's file come from here; `schema.json` gives both names.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from sqlalchemy import Boolean, Column, Label, Table
from sqlalchemy import Enum as EnumType

from data import broadcast_texts, lectures, materials, progress, voices
from data.audience_words import KIND_NAMES as ROOM_KINDS
from data.figures.areas import LEVEL_NAMES as AREA_LEVELS
from data.figures.areas import Level
from data.figures.held import KIND_NAMES as EVENT_KINDS
from data.figures.reported import LEVEL_NAMES as MEDIA_LEVELS
from data.loop import AssignmentState, EventKind, LectureState, OrderState, PollState, SignUpState, VoiceKind
from data.record_tables import AreaLevel, MaterialState, MediaLevel
from data.tables import BroadcastState, PushPart, Release, RoleKind, RoomKind, SnippetOrigin

TABLES = {
    "account": "机器人账号", "area": "镇县市", "assignment": "派单", "audit": "操作记录", "binding_code": "绑定码",
    "broadcast": "通知", "console_link": "一次性链接", "console_session": "控制台登录",
    "console_user": "控制台账号", "deed": "办过的事", "dialog": "等回话的问题", "feed": "日历订阅",
    "inbox": "收到的消息", "lecture": "课", "lecture_count": "人数填报", "lecture_order": "点单",
    "lecture_room": "课通知的群", "lecturer": "宣讲员", "lecturer_topic": "宣讲员的题目",
    "lecturer_training": "培训", "material": "课件", "material_download": "取课件", "media_report": "媒体报道",
    "member": "人", "member_tag": "人的标签", "order_seconder": "附议", "outbox": "发出的消息", "photo": "照片",
    "picture": "图片", "poll": "投票", "poll_vote": "投的票", "push": "推送", "relay_draft": "贴进来的聊天",
    "removal": "清理记录", "role": "身份", "room": "群", "room_tag": "群的标签", "saved_audience": "名单",
    "series": "系列", "setting_change": "改过的设置", "sign_up": "报名", "snippet": "政策短文",
    "solitaire_state": "接龙", "step": "每一步", "subscription": "订阅", "throttle": "输错的密码", "topic": "题目",
    "topic_alias": "题目的叫法", "village": "村", "village_tag": "村的标签", "voice": "评课和意见",
}  # fmt: skip


def _called(words: str) -> dict[str, str]:
    """From "name 姓名 at 时间": column, label, column, label."""
    each = words.split()
    return dict(zip(each[::2], each[1::2], strict=True))


EVERYWHERE = _called(
    "id 编号 kind 类别 state 状态 name 名称 text 原话 at 时间 village_id 村编号 room_id 群编号 member_id 人编号 "
    "topic_id 题目编号 lecturer_id 宣讲员编号 lecture_id 课号 order_id 点单编号 user_id 控制台账号编号 "
    "picture_id 图片编号 author_id 写的人编号 owner_id 负责人编号 by_id 谁记的编号 noted_by 谁记的编号 "
    "created_at 建立时间 expires_at 到期时间 due_at 期限 venue 地点 dialect 语言 reason 理由 for_whom 替谁 "
    "attended 到场 handouts 发资料 starts_at 开讲时间 transport 来自 tag 标签 audience 给谁 spec 给谁（程序用） "
    "position 顺序 sha256 文件指纹 path 文件 size 字节 created_by 谁建的 url 网址 used_at 用掉时间 "
    "address 网络地址 answered_by 回话人编号 changed_at 改动时间 role 角色 shown_name 姓名 active 在用 "
    "ended_at 结束时间 token_hash 钥匙 expires_on 有效期到 detail 详情 error 出错 version 第几版"
)
# What a table calls otherwise than `EVERYWHERE`, and what only it has.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "account": _called("account_id 账号 since 初次在线 breaker_until 停发到 breaker_why 停发原因 able_at 上次能发"),
    "area": _called("level 级别 parent_id 上级编号"),
    "assignment": _called(
        "paper 干事代答 offered_by 谁派的编号 offered_at 派单时间 answered_at 回话时间 counter_start 改到"
    ),
    "audit": _called("who 谁 what 做了什么 about 对象"),
    "binding_code": _called("code_hash 绑定码"),
    "broadcast": _called(
        "room_ids 群 member_ids 私信的人 leaves_at 定时 urgent 紧急 digest 内容指纹 submissions 交审次数 "
        "approved_by 放行人编号 approved_digest 放行的指纹 released 怎么放行 corrects_id 更正哪条 decided_at 决定时间"
    ),
    "console_link": _called("purpose 用途"),
    "console_session": _called("csrf 表单钥匙 seen_at 上次使用 agent 浏览器"),
    "console_user": _called("name 用户名 password_hash 密码"),
    "deed": _called("what 办了什么 changes 改了什么 outbox_ids 发的消息 undone_at 撤销时间"),
    "dialog": _called("kind 问题 payload 内容"),
    "feed": _called("token 钥匙 made_by 谁建的编号"),
    "inbox": _called("message_id 消息号 heard_at 时间 handled_at 办完时间 route 听成什么 understood 听懂的"),
    "lecture": _called(
        "title 题目 hamlet 村小组 branches 分会场 live_url 直播 seats 座位 material_reviewed 课件审过 minutes 分钟 "
        "counted_by 报数人编号 counted_at 报数时间"
    ),
    "lecture_order": _called(
        "wish 原话 when_text 想要的时间 when_start 最早 when_end 最晚 place 地点 listeners 大概几人 urgent 急 "
        "created_at 点单时间 reminded_at 催办时间 merged_into 并入点单"
    ),
    "lecturer": _called("name 姓名 title 职务 trade 行当 dialects 方言 free 有空时间 mentor_id 导师编号"),
    "lecturer_training": _called("held_on 日期 title 培训"),
    "material": _called(
        "title 课件 file_name 文件名 uploaded_by 上传人编号 uploaded_at 上传时间 reviewed_by 审的人编号 "
        "reviewed_at 审的时间 note 审的话"
    ),
    "material_download": _called("material_id 课件编号"),
    "media_report": _called("title 标题 outlet 媒体 level 级别 published_on 日期 noted_at 登记时间 struck_at 划掉时间"),
    "member": _called("name 昵称 external_id 账号 created_at 初次见到 erased_at 删除信息时间"),
    "outbox": _called(
        "priority 先后 mentions 提到谁 material_id 课件编号 queued_at 时间 not_before 最早发出 claimed_at 取走时间 "
        "settled_at 发完时间 attempts 发了几次 held 没发成次数 transport_message_id 消息号 inbox_id 回的消息编号 "
        "broadcast_id 通知编号 once 只发一次 gather 合并 gathered 合并了"
    ),
    "picture": _called("png 图 svg 底稿"),
    "poll": _called("question 问题 options 选项 closes_at 截止时间 closed_at 结束时间"),
    "poll_vote": _called("poll_id 投票编号 choice 选了第几项"),
    "push": _called("snippet_id 短文编号 occurrence 推送时间 outbox_id 消息编号 part 哪一部分 series_id 系列编号"),
    "relay_draft": _called("lines 聊天"),
    "removal": _called("kind 清了什么 rows 几条 before 清到"),
    "role": _called("kind 身份 granted_at 时间 granted_by 谁给的"),
    "room": _called("external_id 群号 created_at 初次见到 bound_at 登记时间 listen 听什么"),
    "saved_audience": _called("words 怎么说的"),
    "series": _called("texts 短文 days 日子 every_days 隔几天 again 可重复"),
    "setting_change": _called("key 设置 value 值"),
    "sign_up": _called("people 人数 by_list 接龙报的 offered 留了几位 offered_until 留到 withdrawn_at 取消时间"),
    "snippet": _called(
        "key 代号 origin 来源 withdrawn_at 撤下时间 also_topic_ids 也算题目 ask 先问 link 链接 title 标题 text 正文 "
        "source 出处 issued_on 发布日期 questions 能答的问题"
    ),
    "solitaire_state": _called("lists 接龙 posts 几条 unclear 请核对 doubts 几处要核对"),
    "step": _called("subject 什么事 subject_id 事的编号 state 到哪一步"),
    "subscription": _called("created_at 时间"),
    "throttle": _called("key 谁 failures 输错几次 last_at 上次 until 等到"),
    "topic_alias": _called("words 叫法 added_at 加的时间 added_by 谁加的编号"),
    "village": _called("aliases 别名 venues 场地 near 邻村 free 平时方便的时间 area_id 镇编号"),
    "voice": _called("rating 评分 share 可以公开 answer 答复 answered_at 答复时间"),
}
# What is read instead of a code.
TRANSPORTS: Mapping[str, str] = {
    "wechaty": "微信",
    "webchat": "网页群聊",
    "wecom-bot": "企业微信",
    "wecom-hook": "企业微信（只发）",
    "relay": "手动",
    "console": "控制台",
    "erased": "删了",
}
WORDS: Mapping[type[Enum], Mapping[Any, str]] = {
    AreaLevel: {each: AREA_LEVELS[Level(each)] for each in AreaLevel},
    AssignmentState: {
        AssignmentState.OFFERED: "等回话",
        AssignmentState.ACCEPTED: "接了",
        AssignmentState.DECLINED: "没接",
        AssignmentState.COUNTERED: "说了别的时间",
        AssignmentState.TAKEN: "别人先接了",
        AssignmentState.RECALLED: "收回了",
    },
    BroadcastState: broadcast_texts.STATE_NAMES,
    EventKind: EVENT_KINDS,
    LectureState: lectures.STATE_NAMES,
    MaterialState: materials.STATE_NAMES,
    MediaLevel: MEDIA_LEVELS,
    OrderState: progress.STATE_NAMES,
    PollState: {PollState.DRAFT: "草稿", PollState.OPEN: "在投", PollState.CLOSED: "结束了", PollState.DROPPED: "没发"},
    PushPart: {PushPart.WHOLE: "整篇", PushPart.QUESTION: "先问的话", PushPart.ANSWER: "第二天的答案"},
    Release: {**broadcast_texts.RELEASE_NAMES, Release.TWO: "两人放行"},
    RoleKind: {RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员"},
    RoomKind: {**ROOM_KINDS, RoomKind.DIRECT: "私聊", RoomKind.UNBOUND: "还没登记"},
    SignUpState: {
        SignUpState.SEATED: "有位子",
        SignUpState.WAITING: "候补",
        SignUpState.OFFERED: "有位子等回话",
        SignUpState.OUT: "取消了",
        SignUpState.LAPSED: "没回话，位子让出去了",
    },
    SnippetOrigin: {SnippetOrigin.FILE: "镇的文件", SnippetOrigin.IMPORT: "导入或在控制台写的"},
    VoiceKind: {**voices.KIND_NAMES, VoiceKind.FEEDBACK: "评课"},
}
_YES_NO = {True: "是", False: "否"}


def label(column: Column[Any]) -> str:
    """What people call a column. KeyError where nobody has said."""
    own = COLUMNS.get(column.table.name, {})
    return own[column.name] if column.name in own else EVERYWHERE[column.name]


def called(table: Table, names: str) -> Iterator[Label[Any]]:
    """Columns of a table, to be selected under what people call them."""
    return (table.c[name].label(label(table.c[name])) for name in names.split())


def words_of(column: Column[Any]) -> Mapping[Any, str]:
    """What is read in a column instead of its codes; empty where it holds none."""
    if isinstance(column.type, Boolean):
        return _YES_NO
    if column.name == "transport":
        return TRANSPORTS
    kind = column.type.enum_class if isinstance(column.type, EnumType) else None
    return WORDS.get(kind, {}) if kind is not None else {}
